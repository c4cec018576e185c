import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '@clerk-sync/db'
import type { Kept } from '@clerk-sync/events'
import { readFailure } from '@clerk-sync/queue'
import type { Failure, OpenQueue } from '@clerk-sync/queue'

const pollMs = 5
const askQueueEveryMs = 250

/** The database and the queue behind an ingest. */
export interface Destination {
  readonly db: Database
  readonly opened: OpenQueue
}

export interface Arrival {
  outcome: string
  /** Milliseconds from the sending of the request to the ledger row. */
  rowMs: number
}

/**
 * Waits until the ledger has the event. Resolves with the failure when an attempt fails first, and with
 * undefined after `timeoutMs`.
 */
export async function awaitArrival(
  { db, opened }: Destination,
  sent: { svixId: string; sentAt: number },
  timeoutMs: number,
): Promise<Arrival | Failure | undefined> {
  const deadline = performance.now() + timeoutMs
  let askQueueAt = sent.sentAt + askQueueEveryMs
  while (performance.now() < deadline) {
    if (performance.now() > askQueueAt) {
      const failure = await readFailure(opened, sent.svixId).catch(() => undefined)
      if (failure) return failure
      askQueueAt = performance.now() + askQueueEveryMs
    }
    const [entry] = await db.query<{ outcome: string }>(
      'SELECT outcome FROM clerk.webhook_events WHERE id = $1',
      sent.svixId,
    )
    if (entry) return { outcome: entry.outcome, rowMs: performance.now() - sent.sentAt }
    await sleep(pollMs)
  }
  return undefined
}

export interface TableRow {
  table: string
  row: Record<string, unknown>
}

/** The rows and the tombstone of an event's entity. The event's ledger row when it has no entity. */
export async function readRows(
  db: Database,
  kept: Kept,
  event: { type: string; svixId: string; entityId: string | undefined },
): Promise<TableRow[]> {
  const effect = kept.effectOf(event.type)
  if (!('entity' in effect) || event.entityId === undefined) {
    return select(db, 'webhook_events', { id: event.svixId })
  }
  const { entity } = effect
  const id = event.entityId
  const children = entity.children.filter((child) => !child.off)
  const parts = await Promise.all([
    select(db, entity.table, { id }),
    ...children.map(({ table, parentColumn }) => select(db, table, { [parentColumn]: id })),
    select(db, 'tombstones', { entity: entity.name, id }),
  ])
  return parts.flat()
}

async function select(
  db: Database,
  table: string,
  where: Record<string, string>,
): Promise<TableRow[]> {
  const conditions = Object.keys(where).map((column, index) => `${column} = $${index + 1}`)
  const rows = await db.query<Record<string, unknown>>(
    `SELECT * FROM clerk.${table} WHERE ${conditions.join(' AND ')}`,
    ...Object.values(where),
  )
  return rows.map((row) => ({ table: `${db.tablesSchema}.${table}`, row }))
}
