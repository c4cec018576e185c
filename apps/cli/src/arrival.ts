import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '@clerk-sync/db'
import { effectOf } from '@clerk-sync/entities'
import { readFailure } from '@clerk-sync/queue'
import type { Failure, OpenQueue } from '@clerk-sync/queue'

const pollMs = 5
const askQueueEveryMs = 250

/** Where the events of an ingest end up. */
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
 * Waits until the ledger has the event. Resolves with undefined when it has not within `timeoutMs`,
 * and with the failure when an attempt failed meanwhile.
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
    const [entry] = await db.prisma.$queryRaw<{ outcome: string }[]>`
      SELECT outcome FROM clerk.webhook_events WHERE id = ${sent.svixId}`
    if (entry) return { outcome: entry.outcome, rowMs: performance.now() - sent.sentAt }
    await sleep(pollMs)
  }
  return undefined
}

export interface TableRow {
  table: string
  row: Record<string, unknown>
}

/** What the tables hold of an event's entity: its rows, or its tombstone, or its ledger row. */
export async function readRows(
  db: Database,
  event: { type: string; svixId: string; entityId: string | undefined },
): Promise<TableRow[]> {
  const entity = effectOf(event.type)?.entity
  if (!entity || event.entityId === undefined)
    return select(db, 'webhook_events', 'id', event.svixId)
  const rows = await select(db, entity.table, 'id', event.entityId)
  if (rows.length === 0) return select(db, 'tombstones', 'id', event.entityId)
  for (const { table, parentColumn } of entity.children) {
    rows.push(...(await select(db, table, parentColumn, event.entityId)))
  }
  return rows
}

async function select(
  db: Database,
  table: string,
  column: string,
  id: string,
): Promise<TableRow[]> {
  const rows = await db.prisma.$queryRawUnsafe<Record<string, unknown>[]>(
    `SELECT * FROM clerk.${table} WHERE ${column} = $1`,
    id,
  )
  return rows.map((row) => ({ table: `clerk.${table}`, row }))
}
