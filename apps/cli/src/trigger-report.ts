import type { Arrival, TableRow } from './await-row.ts'
import type { Answer } from './delivery.ts'

export interface Delivered {
  answer: Answer
  arrival: Arrival | undefined
}

const hints: Record<number, string> = {
  400: 'the signature was refused: is it the same secret? --secret names another one',
  404: 'there is no webhook at this URL: its path is /api/webhooks/clerk',
  413: 'the body is larger than ingest takes',
  503: 'the queue did not take the event; Svix would send it again',
}

/** One event: the answer, the outcome, how long they took, and the rows. */
export function renderEvent(
  event: Delivered & { type: string; url: string; rows: TableRow[]; waited: boolean },
): string {
  const { answer, arrival } = event
  const lines = [
    `${event.type}  ${answer.entityId}  ->  ${event.url}`,
    `  event    ${answer.svixId}`,
    `  answer   ${answer.status} ${answer.body}  after ${milliseconds(answer.answerMs)}`,
  ]
  const hint = hints[answer.status]
  if (hint) lines.push(`           ${hint}`)
  if (arrival) lines.push(`  outcome  ${arrival.outcome}  after ${milliseconds(arrival.rowMs)}`)
  else if (answer.status === 200) lines.push(`  outcome  ${noOutcome(event.waited)}`)
  for (const { table, row } of event.rows) lines.push('', table, ...renderRow(row))
  return `${lines.join('\n')}\n`
}

function noOutcome(waited: boolean): string {
  return waited
    ? 'not in the ledger yet: the board shows whether its job waits or has failed, and why'
    : 'not looked up: set DATABASE_URL to the database of that ingest'
}

function renderRow(row: Record<string, unknown>): string[] {
  const columns = Object.entries(row).filter(([, value]) => value !== null)
  const width = Math.max(...columns.map(([name]) => name.length))
  return columns.map(([name, value]) => `  ${name.padEnd(width)}  ${renderValue(value)}`)
}

function renderValue(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Many events: how many got which answer and outcome, and how long they took. */
export function renderSummary(summary: {
  type: string
  url: string
  delivered: readonly Delivered[]
}): string {
  const { delivered } = summary
  const arrivals = delivered.flatMap(({ arrival }) => (arrival ? [arrival] : []))
  const lines = [
    `${delivered.length} x ${summary.type}  ->  ${summary.url}`,
    `  answers   ${tally(delivered.map(({ answer }) => String(answer.status)))}  ${quantiles(delivered.map(({ answer }) => answer.answerMs))}`,
  ]
  if (arrivals.length > 0) {
    lines.push(
      `  outcomes  ${tally(arrivals.map(({ outcome }) => outcome))}  ${quantiles(arrivals.map(({ rowMs }) => rowMs))}`,
    )
  }
  return `${lines.join('\n')}\n`
}

function tally(values: string[]): string {
  const counts = Map.groupBy(values, (value) => value)
  return [...counts].map(([value, same]) => `${same.length} ${value}`).join(', ')
}

function quantiles(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => milliseconds(sorted[Math.ceil(part * sorted.length) - 1] ?? 0)
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, slowest ${at(1)}`
}

const milliseconds = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
