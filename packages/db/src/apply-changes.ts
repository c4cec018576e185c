import { applyBatch } from './apply-batch.ts'
import type { WriteRules } from './apply-batch.ts'
import type { Change } from './change.ts'
import type { Database } from './database.ts'
import { DatabaseUnavailableError } from './database-error.ts'
import type { Verdict } from './decide.ts'

/** What became of one change of a batch. */
export type ChangeResult = ({ ok: true } & Verdict) | { ok: false; error: unknown }

/**
 * Applies a batch; a change that can't be applied fails alone, whatever the reason. Finding it costs
 * a few smaller transactions: the batch is halved until the change stands by itself.
 *
 * @throws {DatabaseUnavailableError} when the database can't work now. Some of the batch may be
 * written; applying it again is harmless.
 */
export async function applyChanges(
  db: Database,
  changes: readonly Change[],
  rules: WriteRules,
): Promise<ChangeResult[]> {
  try {
    const verdicts = await applyBatch(db, changes, rules)
    return verdicts.map((verdict) =>
      verdict instanceof Error ? { ok: false, error: verdict } : { ok: true, ...verdict },
    )
  } catch (error) {
    if (error instanceof DatabaseUnavailableError) throw error
    if (changes.length === 1) return [{ ok: false, error }]
    const middle = Math.ceil(changes.length / 2)
    const first = await applyChanges(db, changes.slice(0, middle), rules)
    return [...first, ...(await applyChanges(db, changes.slice(middle), rules))]
  }
}
