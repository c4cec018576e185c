import type {
  Count,
  DeletionPreview,
  FoundRow,
  FoundRows,
  IdFacts,
  LedgerRow,
} from '@clerk-sync/db'
import { isExactNumber } from '@clerk-sync/ops'
import type { ConcernedJob } from '@clerk-sync/queue'
import type { LookUp } from '@clerk-sync/sync'
import { number, wrap } from '../terminal/text.ts'
import type { FoundJobs } from './person.ts'

const width = 100

/** What is known of whom somebody asks for, as text. */
export function renderPerson(known: LookUp, jobs: FoundJobs): string {
  const { query, isAddress, found, matches, notes } = known
  const nothing = isAddress
    ? `nobody has or had ${show(query)}, as far as the tables and the ledger know`
    : `nothing is known of ${show(query)}: no row, no tombstone, no event`
  const holders = matches.map(
    ({ id, table, isFormer }) => `  ${show(id)}  ${isFormer ? 'had it (ledger)' : table}`,
  )
  const parts = [
    ...(found.length === 0 ? [nothing] : []),
    ...(holders.length > 0 ? [[`${show(query)} leads to`, ...holders].join('\n')] : []),
    ...found.map(renderFacts),
    renderJobs(jobs),
    ...(notes.length > 0 ? [notes.map((note) => `note: ${note}`).join('\n')] : []),
  ]
  return `${parts.join('\n\n')}\n`
}

function renderFacts(facts: IdFacts): string {
  const { tables, events, deletion } = facts
  const parts = [
    headline(facts),
    ...tables.map((one) => renderTable(one, facts)),
    renderEvents(events, facts.id),
    ...(deletion ? [renderDeletion(deletion, events.count)] : []),
  ]
  return parts.join('\n\n')
}

function headline({ id, entity, tombstones, tables }: IdFacts): string {
  const what = entity?.replaceAll('_', ' ') ?? 'unknown kind'
  const ends = tombstones.map(({ deletedAt, recordedAt }) =>
    deletedAt
      ? `deleted at ${deletedAt.toISOString()}`
      : `deleted with its owner, or replaced by a newer one; recorded at ${recordedAt.toISOString()}`,
  )
  const rows = tables.length === 0 ? ['no row is left'] : []
  return `${show(id)}: ${[what, ...ends, ...rows].join(', ')}`
}

function renderTable({ table, column, count, rows }: FoundRows, { names }: IdFacts): string {
  const title = `${table}: ${total(count)} ${count.number === 1 ? 'row' : 'rows'}`
  const lines = rows.flatMap((row) => (column === 'id' ? asBlock(row) : asLine(row, names)))
  return [title, ...lines, ...more(count, rows.length)].join('\n')
}

// One column a line, and at the end the names of those that are empty.
function asBlock(row: FoundRow): string[] {
  const full = Object.entries(row).filter(([, value]) => value !== null)
  const empty = Object.keys(row).filter((name) => row[name] === null)
  const longest = Math.max(...full.map(([name]) => name.length))
  return [
    ...full.map(([name, value]) => `  ${name.padEnd(longest)}  ${show(value)}`),
    ...(empty.length > 0 ? indented(`  ${'empty'.padEnd(longest)}  `, empty.join(', ')) : []),
  ]
}

// Of how a row came about the other columns tell nothing that --json would not.
const bookkeeping = new Set(['synced_at', 'event_occurred_at', 'event_id'])

function asLine(row: FoundRow, names: IdFacts['names']): string[] {
  const values = Object.entries(row).flatMap(([name, value]) => {
    if (value === null || bookkeeping.has(name)) return []
    const known = typeof value === 'string' && name !== 'id' ? names[value] : undefined
    return [`${name}=${show(value)}${known === undefined ? '' : ` (${show(known)})`}`]
  })
  return indented('  - ', values.join(', '))
}

function renderEvents({ rows, count }: IdFacts['events'], id: string): string {
  return [
    `events: ${total(count)}, the newest first`,
    ...rows.flatMap((row) => renderEvent(row, id)),
    ...more(count, rows.length),
  ].join('\n')
}

function renderEvent(row: LedgerRow, id: string): string[] {
  const { occurredAt, receivedAt, processedAt, changedColumns } = row
  const about = row.entityId === null || row.entityId === id ? '' : ` of ${show(row.entityId)}`
  const times = [
    `received ${later(occurredAt, receivedAt)}`,
    `processed ${later(receivedAt, processedAt)}`,
    ...(changedColumns?.length ? [`changed ${changedColumns.map(show).join(', ')}`] : []),
  ]
  return [
    `  ${occurredAt.toISOString()}  ${show(row.type)}${about}  ${row.outcome}  ${show(row.id)}`,
    ...indented('    ', times.join(', ')),
  ]
}

function later(from: Date, to: Date): string {
  const ms = to.getTime() - from.getTime()
  return ms < 60_000 && ms >= 0 ? `${(ms / 1_000).toFixed(1)} s later` : `at ${to.toISOString()}`
}

function renderDeletion(deletion: DeletionPreview, events: Count): string {
  const { policy, tables, staying, ledgerRowsEmptied } = deletion
  const rows = tables.map(({ table, rows: of, effect, emptied }) => {
    const columns = effect === 'anonymized' && emptied.length > 0 ? ` (${emptied.join(', ')})` : ''
    return indented('  ', `${effect}: ${table}, ${total(of)}${columns}`).join('\n')
  })
  const stay = staying.map(({ table, rows: of }) => `  not touched: ${table}, ${total(of)}`)
  const emptied =
    ledgerRowsEmptied.number === 0
      ? 'none changes'
      : `${total(ledgerRowsEmptied)} lose their values, client IPs and user agents`
  return [
    `what a deletion would do, with DELETION_POLICY=${policy}`,
    ...rows,
    ...stay,
    `  ledger: ${total(events)} events stay, ${emptied}`,
  ].join('\n')
}

function renderJobs(found: FoundJobs): string {
  if ('problem' in found) {
    return `failed jobs: not read, because the queue does not answer: ${show(found.problem)}`
  }
  const { jobs, seen, total: all } = found
  const cut = seen < all ? `, of the newest ${number(seen)} of ${number(all)} that failed` : ''
  if (jobs.length === 0) return `failed jobs: none${cut}`
  const types = [...new Set(jobs.map(({ type }) => type))].map(show).join(',')
  return [
    `failed jobs: ${number(jobs.length)}${cut}`,
    ...jobs.flatMap(renderJob),
    `  to run them again: clerk-sync replay --failed --type ${types}`,
  ].join('\n')
}

function renderJob({ id, type, reason, failedAt, final }: ConcernedJob): string[] {
  const when = failedAt === undefined ? '' : ` at ${new Date(failedAt).toISOString()}`
  const state = final ? 'failed' : 'waits for its next attempt, failed'
  return indented('  - ', `${show(type)} ${show(id)} ${state}${when}: ${show(reason)}`)
}

const total = ({ number: least, isMore }: Count) =>
  isMore ? `more than ${number(least)}` : number(least)

function more({ number: all, isMore }: Count, shown: number): string[] {
  const rest = number(all - shown)
  return all > shown
    ? [`  and ${isMore ? `more than ${rest}` : rest} more: --limit shows them`]
    : []
}

function indented(first: string, text: string): string[] {
  const [line = '', ...rest] = wrap(text, width - first.length)
  return [first + line, ...rest.map((other) => ' '.repeat(first.length) + other)]
}

// What comes from events must not move the cursor, nor hide what stands beside it.
function show(value: unknown): string {
  const text =
    typeof value === 'string' ? value : isExactNumber(value) ? value.rawJSON : JSON.stringify(value)
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  )
}
