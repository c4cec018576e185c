import { removeOldRows } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import type { Kept } from '@clerk-sync/entities'
import { reasonOf } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops'
import type { OpenQueue } from '@clerk-sync/queue'
import { forgetGone } from './forget.ts'
import type { WorkerMetrics } from './metrics.ts'

const everyMs = 60 * 60_000
// Deletions come in groups, and a scan of the queue serves them all.
const forgetAfterMs = 250

export interface HousekeepingDeps {
  readonly db: Database
  readonly queue: OpenQueue
  readonly kept: Kept
  readonly metrics: WorkerMetrics
  readonly logger: Logger
  readonly ledgerRetentionDays: number
  /** False where deleted people's data stays in the tables anyway. */
  readonly forgets: boolean
}

export interface Housekeeping {
  /** Something was deleted: the queue must not know it any longer either. */
  forgetSoon(): void
  /** Resolves when the work under way is done. */
  stop(): Promise<void>
}

/**
 * Removes old rows and forgets deleted people's jobs, at once and then every hour. Every worker does
 * it; a row that two want to remove is one's.
 */
export function startHousekeeping(deps: HousekeepingDeps): Housekeeping {
  const stopping = new AbortController()
  const { logger, metrics } = deps
  let work: Promise<void> = Promise.resolve()
  let forgetTimer: NodeJS.Timeout | undefined

  function enqueue(task: () => Promise<void>): void {
    work = after(work, task)
  }

  async function after(before: Promise<void>, task: () => Promise<void>): Promise<void> {
    await before
    if (stopping.signal.aborted) return
    try {
      await task()
    } catch (error) {
      // It is tried again within the hour.
      logger.warn({ reason: reasonOf(error) }, 'housekeeping could not be done')
    }
  }

  async function forget(): Promise<void> {
    if (!deps.forgets) return
    const jobs = await forgetGone(deps)
    if (jobs > 0) logger.info({ jobs }, 'jobs of deleted entities run again, to leave the queue')
  }

  async function removeOld(): Promise<void> {
    const removed = await removeOldRows(deps.db, deps, stopping.signal)
    metrics.removed(removed)
    if (removed.ledgerRows + removed.tombstones > 0) logger.info(removed, 'old rows removed')
  }

  const keepHouse = () => {
    enqueue(removeOld)
    enqueue(forget)
  }
  const timer = setInterval(keepHouse, everyMs)
  keepHouse()

  return {
    forgetSoon() {
      forgetTimer ??= setTimeout(() => {
        forgetTimer = undefined
        enqueue(forget)
      }, forgetAfterMs)
    },
    async stop() {
      stopping.abort()
      clearInterval(timer)
      clearTimeout(forgetTimer)
      await work
    },
  }
}
