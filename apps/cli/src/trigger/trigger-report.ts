import type { Failure } from '@clerk-sync/queue'
import type { Arrival, TableRow } from './arrival.ts'
import type { Dropped } from '@clerk-sync/events'
import type { Answer } from './deliver.ts'

export interface Delivered {
  answer: Answer
  arrival: Arrival | Failure | undefined
}

/** Why there is no outcome to show. */
interface NoOutcome {
  /** Why the outcome could not be read. */
  unknown: string | undefined
  /** What to say of an event that ingest has acknowledged and dropped. */
  whyDropped: (dropped: Dropped) => string[]
}

/** What to do, by the `error` of ingest's answer. */
const hints: Record<string, string> = {
  invalid_signature: 'the signature was refused: is it the same secret? --secret names another one',
  invalid_event: 'the signature is right, but this is no event: look at --data',
  not_found: 'there is no webhook at this URL: its path is /api/webhooks/clerk',
  body_too_large: 'the body is larger than ingest takes',
  database_unavailable: 'the database did not take the event; Svix would send it again',
  write_refused:
    'the database refused the event, and the log of the application says why; Svix would send it again',
  queue_unavailable: 'the queue did not take the event; Svix would send it again',
}

const mostShown = 200

/** One event: the answer, the outcome, how long they took, and the rows. */
export function renderEvent(
  event: Delivered & NoOutcome & { type: string; url: string; rows: TableRow[] },
): string {
  const { answer, arrival } = event
  const lines = [
    `${event.type}  ${answer.entityId ?? '(no id)'}  ->  ${event.url}`,
    `  event    ${answer.svixId}`,
    `  answer   ${answer.status} ${shorten(answer.body)}  after ${milliseconds(answer.answerMs)}`,
  ]
  const hint = hints[/"error":"(\w+)"/.exec(answer.body)?.[1] ?? '']
  if (hint) lines.push(`           ${hint}`)
  if (answer.status === 200) {
    const [outcome = renderArrival(arrival), ...more] = renderNoOutcome(event, answer)
    lines.push(`  outcome  ${outcome}`, ...more.map((line) => `           ${line}`))
  }
  for (const { table, row } of event.rows) lines.push('', table, ...renderRow(row))
  return `${lines.join('\n')}\n`
}

// Another server may answer with a whole page.
function shorten(body: string): string {
  const line = body.replaceAll(/\s+/g, ' ').trim()
  return line.length > mostShown ? `${line.slice(0, mostShown)}…` : line
}

function renderNoOutcome({ unknown, whyDropped }: NoOutcome, { dropped }: Answer): string[] {
  if (dropped) return whyDropped(dropped)
  return unknown === undefined ? [] : [`not looked up: ${unknown}`]
}

function renderArrival(arrival: Delivered['arrival']): string {
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
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Many events: how many got which answer and outcome, and how long they took. */
export function renderSummary(
  summary: NoOutcome & { type: string; url: string; delivered: readonly Delivered[] },
): string {
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
  // One type is left out, or kept, for all.
  const taken = delivered.find(({ answer }) => answer.status === 200)
  const [why, ...more] = taken ? renderNoOutcome(summary, taken.answer) : []
  if (why) lines.push(`  outcomes  ${why}`, ...more.map((line) => `            ${line}`))
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
