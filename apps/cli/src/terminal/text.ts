import { isPackaged } from '@clerk-sync/ops'

/** How a person here calls a command, such as `trigger user.created`. */
export const inShell = (command: string) =>
  `${isPackaged ? 'npx' : 'npx -y pnpm@12'} clerk-sync ${command}`

export const number = (value: number) => value.toLocaleString('en')

const units = [
  ['days', 86_400, 0],
  ['h', 3_600, 1],
  ['min', 60, 0],
] as const

/** A time span of so many milliseconds in its largest unit, as in `3 min`. A negative one is `0 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms / 1_000)
  const [unit, length, digits] = units.find(([, least]) => seconds >= least * 2) ?? ['s', 1, 0]
  return `${Number((seconds / length).toFixed(digits))} ${unit}`
}

/** Why a `fetch` failed: its error says only that it did, the reason is the cause. */
export function fetchCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error
}

/** Columns under each other: the first and the last to the left, those between to the right. */
export function renderColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  )
  const pad = (cell: string, at: number) =>
    at === 0 || at === widths.length - 1
      ? cell.padEnd(widths[at] ?? 0)
      : cell.padStart(widths[at] ?? 0)
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** Lines of at most so many columns, broken between words. A word that is longer has its own line. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
