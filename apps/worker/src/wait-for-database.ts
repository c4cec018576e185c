import { setTimeout as sleep } from 'node:timers/promises'
import { describeMissingMigrations, pendingMigrations } from '@clerk-sync/db'
import { errorMessage } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'

const retryDelayMs = 1_000

/**
 * Resolves when the database answers and has every migration of this release, or when `stopping`
 * is aborted. What it waits for goes to `onWaiting`, in words for a person.
 */
export async function waitForDatabase(
  url: string,
  options: { logger: Logger; onWaiting(reason: string): void; stopping: AbortSignal },
): Promise<void> {
  let reported: string | undefined
  while (!options.stopping.aborted) {
    const reason = await whatIsMissing(url)
    if (reason === undefined) return
    options.onWaiting(reason)
    if (reason !== reported) options.logger.warn({ reason }, 'waiting for the database')
    reported = reason
    await sleep(retryDelayMs, undefined, { signal: options.stopping }).catch(() => undefined)
  }
}

async function whatIsMissing(url: string): Promise<string | undefined> {
  try {
    const pending = await pendingMigrations(url)
    return pending.length === 0 ? undefined : describeMissingMigrations(pending)
  } catch (error) {
    return `the database can't be reached: ${errorMessage(error)}`
  }
}
