import { applyBatch } from './apply-batch.ts'
import type { Change, Outcome } from './change.ts'
import type { Database } from './database.ts'
import { DatabaseRefusedError } from './database-error.ts'

/** What became of one change of a batch. */
export type ChangeResult = { ok: true; outcome: Outcome } | { ok: false; error: unknown }

/**
 * Applies a batch; a change that the database refuses fails alone. Finding it costs a few smaller
 * transactions: the batch is halved until the refused change stands by itself.
 *
 * @throws {DatabaseUnavailableError} when the database can't work now. Some of the batch may be
 * written; applying it again is harmless.
 */
export async function applyChanges(
  db: Database,
  changes: readonly Change[],
): Promise<ChangeResult[]> {
  try {
    const outcomes = await applyBatch(db, changes)
    return outcomes.map((outcome) => ({ ok: true, outcome }))
  } catch (error) {
    if (!(error instanceof DatabaseRefusedError)) throw error
    if (changes.length === 1) return [{ ok: false, error }]
    const middle = Math.ceil(changes.length / 2)
    const first = await applyChanges(db, changes.slice(0, middle))
    return [...first, ...(await applyChanges(db, changes.slice(middle)))]
  }
}
