import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseUnavailableError } from '@clerk-sync/db'

const firstDelayMs = 250
const longestDelayMs = 10_000

// A restart or a failover of the database takes less; an operator should not wait for ever.
const usualBudgetMs = 5 * 60_000

export interface Patience {
  readonly signal: AbortSignal
  /** Called before each wait. */
  readonly onWait?: (wait: { reason: string; inMs: number }) => void
  /** How long the database is waited for, in milliseconds. */
  readonly waitForDatabaseMs?: number
}

/**
 * Runs what can be run again until the database can work.
 *
 * @throws {DatabaseUnavailableError} when it can't for long, and what else `run` throws.
 */
export async function retryWhileUnavailable<T>(
  { signal, onWait, waitForDatabaseMs = usualBudgetMs }: Patience,
  run: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + waitForDatabaseMs
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
    try {
      return await run()
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error
      if (Date.now() + delayMs > deadline) throw error
      onWait?.({ reason: error.message, inMs: delayMs })
      await sleep(delayMs, undefined, { signal })
    }
  }
}
