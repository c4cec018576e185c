import { DatabaseUnavailableError } from '@clerk-sync/db'
import { errorMessage, retry } from '@clerk-sync/ops'

// A restart or a failover of the database takes less. An operator should not wait for ever.
const usualTimeoutMs = 5 * 60_000

export interface RetryOptions {
  readonly signal: AbortSignal
  /** Called before each wait. */
  readonly onWait?: (wait: { reason: string; inMs: number }) => void
  /** How long an unavailable database is waited for, in milliseconds. */
  readonly waitForDatabaseMs?: number
}

/**
 * Runs what can be run again until the database can work.
 *
 * @throws {DatabaseUnavailableError} when it can't for long, and what else `run` throws.
 */
export async function retryWhileUnavailable<T>(
  { signal, onWait, waitForDatabaseMs = usualTimeoutMs }: RetryOptions,
  run: () => Promise<T>,
): Promise<T> {
  return await retry(run, {
    firstDelayMs: 250,
    longestDelayMs: 10_000,
    timeoutMs: waitForDatabaseMs,
    isRetryable: (error) => error instanceof DatabaseUnavailableError,
    onRetry: ({ error, inMs }) => onWait?.({ reason: errorMessage(error), inMs }),
    signal,
  })
}
