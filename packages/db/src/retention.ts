import type { Database } from './database.ts'

/**
 * The least that LEDGER_RETENTION_DAYS may be. Svix keeps a message for 90 days and sends it again
 * on request as long: until then the ledger must know it. The database holds this, too.
 */
export const shortestLedgerRetentionDays = 90

// A tombstone must outlive whatever could bring its id back: events, which Svix can send again for
// as long as the ledger is kept at the least; failed jobs, until someone replays them; and a backup
// of the queue. With the default they are kept for 400 days.
const tombstonesKeptLongerByDays = 310

// One transaction of some 20 ms.
const chunkRows = 2_000

export interface Removed {
  readonly ledgerRows: number
  readonly tombstones: number
}

/** Removes ledger rows and tombstones that are too old, in small chunks, until none is left. */
export async function removeOldRows(
  db: Database,
  { ledgerRetentionDays }: { ledgerRetentionDays: number },
  stopping: AbortSignal,
): Promise<Removed> {
  const tombstoneDays = ledgerRetentionDays + tombstonesKeptLongerByDays
  return {
    ledgerRows: await removeAll(db, ledgerChunk, ledgerRetentionDays, stopping),
    tombstones: await removeAll(db, tombstoneChunk, tombstoneDays, stopping),
  }
}

const ledgerChunk = `
  DELETE FROM clerk.webhook_events WHERE id IN (
    SELECT id FROM clerk.webhook_events
    WHERE received_at < now() - make_interval(days => $1::int)
    ORDER BY received_at LIMIT ${chunkRows} FOR UPDATE SKIP LOCKED
  )`

const tombstoneChunk = `
  DELETE FROM clerk.tombstones WHERE (entity, id) IN (
    SELECT entity, id FROM clerk.tombstones
    WHERE recorded_at < now() - make_interval(days => $1::int)
    ORDER BY recorded_at LIMIT ${chunkRows} FOR UPDATE SKIP LOCKED
  )`

async function removeAll(
  db: Database,
  chunk: string,
  days: number,
  stopping: AbortSignal,
): Promise<number> {
  let removed = 0
  let count: number
  do {
    count = await db.transaction(async (tx) => {
      // The ledger's trigger refuses every other DELETE.
      await tx.execute(`SELECT set_config('clerk_sync.retention', 'on', true)`)
      return tx.execute(chunk, days)
    })
    removed += count
  } while (count === chunkRows && !stopping.aborted)
  return removed
}
