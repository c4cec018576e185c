const longestReason = 300
const replacements: [pattern: RegExp, instead: string][] = [
  // PostgreSQL and JavaScript quote values. PostgreSQL's DETAIL writes Key (column)=(value).
  [/"[^"]*"|“[^”]*”|`[^`]*`|(?<!\w)'[^']*'/g, '"…"'],
  [/=\([^)]*\)/g, '=(…)'],
  [/[^\s"'<>(),;:=]+@[^\s"'<>(),;:=]+/g, '…'],
  [/\b\d{1,3}(\.\d{1,3}){3}\b|\b([\da-f]{1,4}:){3,7}[\da-f]{1,4}\b/gi, '…'],
  [/\+\d[\d ()-]{5,}\d/g, '…'],
]

/**
 * Replaces what may be personal data in an error message: quoted values, e-mail and IP addresses,
 * telephone numbers. The worker's own reasons contain none.
 */
export function hideValues(text: string): string {
  return replacements.reduce((hidden, [pattern, instead]) => hidden.replace(pattern, instead), text)
}

/** Gives similar reasons the same text: also without ids, long numbers and further lines. */
export function groupReason(reason: string): string {
  const [firstLine = ''] = reason.split('\n', 1)
  return hideValues(firstLine)
    .replace(/\b[a-z]{2,10}_[A-Za-z\d]{12,}\b|\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/gi, '…')
    .replace(/\d{6,}/g, '…')
    .trim()
    .slice(0, longestReason)
}
