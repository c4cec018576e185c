import { setTimeout as sleep } from 'node:timers/promises'
import { applyChanges, DatabaseUnavailableError } from '@clerk-sync/db'
import type { Change, ChangeResult, Database } from '@clerk-sync/db'
import { GiveBackError } from '@clerk-sync/queue'

const retryDelayMs = 500

export interface WriterHooks {
  /** Called on every try that finds the database away. */
  readonly onUnavailable: (error: DatabaseUnavailableError) => void
  /** Called once it answers again. */
  readonly onAvailable: () => void
}

/**
 * Writes a batch, waiting as long as it takes for a database that is away: an outage costs no
 * event an attempt.
 *
 * @throws {GiveBackError} when `stopping` is aborted while the database is away.
 */
export async function writePatiently(
  db: Database,
  changes: readonly Change[],
  hooks: WriterHooks,
  stopping: AbortSignal,
): Promise<ChangeResult[]> {
  let wasAway = false
  for (;;) {
    try {
      const results = await applyChanges(db, changes)
      if (wasAway) hooks.onAvailable()
      return results
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error
      wasAway = true
      hooks.onUnavailable(error)
      await sleep(retryDelayMs, undefined, { signal: stopping }).catch(() => undefined)
      if (stopping.aborted) throw new GiveBackError('stopping while the database is away')
    }
  }
}
