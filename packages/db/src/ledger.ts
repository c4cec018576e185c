import type { LedgerEvent } from '@clerk-sync/events'
import { emptiedInLedger } from './deletion-policy.ts'
import { prepare } from './database.ts'
import type { Transaction } from './database.ts'
import type { Outcome } from './decide.ts'
import { inputOf } from './stored-values.ts'
import type { InputColumn } from './stored-values.ts'

/** What the ledger keeps of one event. */
export interface LedgerEntry {
  readonly event: LedgerEvent
  readonly outcome: Outcome
  readonly changedColumns: readonly string[] | undefined
  readonly changedValues: { readonly [column: string]: unknown } | undefined
}

const columns: readonly InputColumn<LedgerEntry>[] = [
  { name: 'id', type: 'text', valueIn: ({ event }) => event.id },
  { name: 'type', type: 'text', valueIn: ({ event }) => event.type },
  { name: 'entity_id', type: 'text', valueIn: ({ event }) => event.entityId },
  { name: 'user_id', type: 'text', valueIn: ({ event }) => event.userId },
  { name: 'organization_id', type: 'text', valueIn: ({ event }) => event.organizationId },
  { name: 'outcome', type: 'text', valueIn: ({ outcome }) => outcome },
  { name: 'changed_columns', type: 'text[]', valueIn: ({ changedColumns }) => changedColumns },
  { name: 'changed_values', type: 'jsonb', valueIn: ({ changedValues }) => changedValues },
  { name: 'client_ip', type: 'text', valueIn: ({ event }) => event.clientIp },
  { name: 'user_agent', type: 'text', valueIn: ({ event }) => event.userAgent },
  { name: 'occurred_at', type: 'timestamptz', valueIn: ({ event }) => event.occurredAt },
  { name: 'received_at', type: 'timestamptz', valueIn: ({ event }) => event.receivedAt },
]

const input = inputOf(columns)
const names = columns.map(({ name }) => name)
const insert = prepare(
  `INSERT INTO clerk.webhook_events (${names.join(', ')})
   SELECT ${names.map(input.read).join(', ')} FROM ${input.from}
   ON CONFLICT (id) DO NOTHING
   RETURNING id`,
  'webhook_events',
)

/**
 * Adds events to the ledger, in the order of their ids, so that two workers never wait for each other.
 * Returns the ids that were new to it.
 */
export async function writeLedger(
  tx: Transaction,
  entries: readonly LedgerEntry[],
): Promise<Set<string>> {
  if (entries.length === 0) return new Set()
  const sorted = entries.toSorted((a, b) => (a.event.id < b.event.id ? -1 : 1))
  const added = await tx.query<{ id: string }>(insert, ...input.arraysOf(sorted))
  return new Set(added.map((row) => row.id))
}

/** The condition of ledger rows about an entity, or about its user, written so that the indexes serve. */
export const concernsEntityOrUser = (isOneOfThem: string) =>
  `(user_id ${isOneOfThem} OR (entity_id ${isOneOfThem} AND entity_id IS DISTINCT FROM user_id))`

// One statement must end long before its timeout.
const redactedAtOnce = 10_000

/** Empties everything in the ledger but the facts of events about these ids. */
export async function redactLedger(tx: Transaction, ids: readonly string[]): Promise<void> {
  for (let start = 0; start < ids.length; start += redactedAtOnce) {
    await tx.execute(
      `UPDATE clerk.webhook_events
       SET ${emptiedInLedger.map((name) => `${name} = NULL`).join(', ')}
       WHERE ${concernsEntityOrUser('= ANY($1::text[])')}
         AND num_nonnulls(${emptiedInLedger.join(', ')}) > 0`,
      ids.slice(start, start + redactedAtOnce),
    )
  }
}
