const replacement = '\uFFFD'

/**
 * The value with every NUL and every lone surrogate in its strings and keys replaced by U+FFFD:
 * PostgreSQL stores neither, in text nor in jsonb. Returns the same value when there is none.
 */
export function wellFormed<T>(value: T): T {
  return replaceIn(value) as T
}

function replaceIn(value: unknown): unknown {
  if (typeof value === 'string') return replaceInText(value)
  if (Array.isArray(value)) return value.map(replaceIn)
  if (typeof value !== 'object' || value === null) return value
  // fromEntries defines own properties, so a key named __proto__ stays a key.
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [replaceInText(key), replaceIn(inner)]),
  )
}

function replaceInText(text: string): string {
  return text.toWellFormed().replaceAll('\0', replacement)
}
