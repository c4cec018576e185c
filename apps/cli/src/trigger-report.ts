import type { Failure } from '@clerk-sync/queue'
import type { Arrival, TableRow } from './arrival.ts'
import type { Answer } from './deliver.ts'

export interface Delivered {
  answer: Answer
  arrival: Arrival | Failure | undefined
}

/** By the `error` of ingest's answer. */
const hints: Record<string, string> = {
  invalid_signature: 'the signature was refused: is it the same secret? --secret names another one',
  invalid_event: 'the signature is right, but this is no event: look at --data',
  not_found: 'there is no webhook at this URL: its path is /api/webhooks/clerk',
  body_too_large: 'the body is larger than ingest takes',
  queue_unavailable: 'the queue did not take the event; Svix would send it again',
}

/** One event: the answer, the outcome, how long they took, and the rows. `unknown`: why no outcome is. */
export function renderEvent(
  event: Delivered & { type: string; url: string; rows: TableRow[]; unknown: string | undefined },
): string {
  const { answer, arrival } = event
  const lines = [
    `${event.type}  ${answer.entityId ?? '(no id)'}  ->  ${event.url}`,
    `  event    ${answer.svixId}`,
    `  answer   ${answer.status} ${answer.body}  after ${milliseconds(answer.answerMs)}`,
  ]
  const hint = hints[/"error":"(\w+)"/.exec(answer.body)?.[1] ?? '']
  if (hint) lines.push(`           ${hint}`)
  if (answer.status === 200) lines.push(`  outcome  ${renderArrival(arrival, event.unknown)}`)
  for (const { table, row } of event.rows) lines.push('', table, ...renderRow(row))
  return `${lines.join('\n')}\n`
}

function renderArrival(arrival: Delivered['arrival'], unknown: string | undefined): string {
  if (unknown !== undefined) return `not looked up: ${unknown}`
  if (!arrival) return 'none yet: does a worker run? The board shows what waits'
  if ('outcome' in arrival) return `${arrival.outcome}  after ${milliseconds(arrival.rowMs)}`
  return `${arrival.final ? 'failed' : 'failed for now, is retried'}: ${arrival.reason}`
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

/** Many events: how many got which answer and outcome, and how long they took. `unknown` as above. */
export function renderSummary(summary: {
  type: string
  url: string
  delivered: readonly Delivered[]
  unknown: string | undefined
}): string {
  const { delivered } = summary
  const arrivals = delivered.flatMap(({ arrival }) =>
    arrival && 'outcome' in arrival ? [arrival] : [],
  )
  const lines = [
    `${delivered.length} x ${summary.type}  ->  ${summary.url}`,
    `  answers   ${tally(delivered.map(({ answer }) => String(answer.status)))}  ${quantiles(delivered.map(({ answer }) => answer.answerMs))}`,
  ]
  const failures = delivered.flatMap(({ arrival }) =>
    arrival && 'reason' in arrival ? [arrival.reason] : [],
  )
  if (failures.length > 0) lines.push(`  failed    ${tally(failures)}`)
  if (arrivals.length > 0) {
    lines.push(
      `  outcomes  ${tally(arrivals.map(({ outcome }) => outcome))}  ${quantiles(arrivals.map(({ rowMs }) => rowMs))}`,
    )
  }
  if (summary.unknown !== undefined) lines.push(`  outcomes  not looked up: ${summary.unknown}`)
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
