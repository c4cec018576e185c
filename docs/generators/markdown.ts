/** A Markdown table with its columns lined up, as the formatter leaves it. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = head.map((_, column) =>
    Math.max(3, ...cells.map((row) => (row[column] ?? '').length)),
  )
  const lines = cells.map((row) =>
    line(widths.map((width, column) => (row[column] ?? '').padEnd(width))),
  )
  lines.splice(1, 0, line(widths.map((width) => '-'.repeat(width))))
  return lines.join('\n')
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

export const code = (text: string) => `\`${text}\``

/** Words as code, in a sentence: `a`, `b`, and `c`. */
export const codes = (words: readonly string[]) => new Intl.ListFormat('en').format(words.map(code))
