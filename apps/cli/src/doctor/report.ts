import { styleText } from 'node:util'
import type { Result, Status } from './check.ts'

export interface Report {
  readonly subject: string
  readonly results: readonly Result[]
}

/** How a terminal shows a status. A pipe gets the word. */
const styles: { [status in Status]: { symbol: string; colour: Parameters<typeof styleText>[0] } } =
  {
    ok: { symbol: '✓', colour: 'green' },
    warning: { symbol: '!', colour: 'yellow' },
    problem: { symbol: '✗', colour: 'red' },
    skipped: { symbol: '–', colour: 'gray' },
  }

export interface Style {
  readonly symbols: boolean
  readonly colours: boolean
}

/** A line for each check, followed by cause and cure unless its status is ok. */
export function renderReport({ subject, results }: Report, style: Style): string {
  const nameWidth = Math.max(...results.map(({ name }) => name.length))
  const lines = results.flatMap((result) => {
    const mark = markOf(result.status, style)
    const head = `${mark}  ${result.name.padEnd(nameWidth)}  ${result.found}`
    if (result.status === 'ok') return [head]
    const [cause = '', ...more] = [result.cause].flat()
    const indent = ' '.repeat(style.symbols ? 3 : 9)
    return [
      head,
      `${indent}cause  ${cause}`,
      ...more.map((line) => `${indent}       ${line}`),
      `${indent}cure   ${result.cure}`,
    ]
  })
  return [subject, '', ...lines, '', summarise(results), ''].join('\n')
}

/** The report for machines. */
export function reportJson({ subject, results }: Report): string {
  const checks = results.map((result) =>
    result.status === 'ok' ? result : { ...result, cause: [result.cause].flat() },
  )
  return `${JSON.stringify({ ok: !hasProblem(results), subject, checks }, undefined, 2)}\n`
}

export function hasProblem(results: readonly Result[]): boolean {
  return results.some(({ status }) => status === 'problem')
}

function markOf(status: Status, { symbols, colours }: Style): string {
  const { symbol, colour } = styles[status]
  const mark = symbols ? symbol : status.padEnd(7)
  return colours ? styleText(colour, mark, { validateStream: false }) : mark
}

function summarise(results: readonly Result[]): string {
  const count = (wanted: Status) => results.filter(({ status }) => status === wanted).length
  const many = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`
  return [
    many(count('problem'), 'problem'),
    many(count('warning'), 'warning'),
    `${count('ok')} ok`,
    `${count('skipped')} skipped`,
  ].join(', ')
}
