import { setTimeout as sleep } from 'node:timers/promises'
import { applyChanges, DatabaseUnavailableError } from '@clerk-sync/db'
import type { Change, ChangeResult, Database, WriteRules } from '@clerk-sync/db'
import { GiveBackError } from '@clerk-sync/queue'

const retryDelayMs = 500

/**
 * Writes a batch, waiting as long as it takes for a database that is away: an outage costs no
 * event an attempt. `onUnavailable` is called on every try that finds it away.
 *
 * @throws {GiveBackError} when `stopping` is aborted while the database is away.
 */
export async function writeWhileUnavailable(
  db: Database,
  { changes, rules }: { changes: readonly Change[]; rules: WriteRules },
  onUnavailable: (error: DatabaseUnavailableError) => void,
  stopping: AbortSignal,
): Promise<ChangeResult[]> {
  for (;;) {
    try {
      return await applyChanges(db, changes, rules)
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error
      onUnavailable(error)
      await sleep(retryDelayMs, undefined, { signal: stopping }).catch(() => undefined)
      if (stopping.aborted) throw new GiveBackError('stopping while the database is away')
    }
  }
}
