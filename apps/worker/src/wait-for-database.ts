import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage } from '@clerk-sync/ops'
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
  let reported: string | undefined
  while (!options.stopping.aborted) {
    const reason = await check().then(() => undefined, errorMessage)
    if (reason === undefined) return
    options.onWaiting(reason)
    if (reason !== reported) options.logger.warn({ reason }, 'waiting for the database')
    reported = reason
    await sleep(retryDelayMs, undefined, { signal: options.stopping }).catch(() => undefined)
  }
}
