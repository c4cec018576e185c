import { errorMessage, retry } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'

const retryDelayMs = 1_000

/**
 * Resolves when the database takes the writes of this release, or when `stopping` is aborted. `check`
 * throws until it does. What is waited for goes to `onWaiting`, in words for a person.
 */
export async function waitForDatabase(
  check: () => Promise<void>,
  options: { logger: Logger; onWaiting(reason: string): void; stopping: AbortSignal },
): Promise<void> {
  const { logger, stopping } = options
  let reported: string | undefined
  // Without a limit: only the end of the worker makes it reject.
  await retry(check, {
    firstDelayMs: retryDelayMs,
    signal: stopping,
    onRetry({ error }) {
      const reason = errorMessage(error)
      options.onWaiting(reason)
      if (reason !== reported) logger.warn({ reason }, 'waiting for the database')
      reported = reason
    },
  }).catch(() => undefined)
}
