import { finishCascadeDeletes, removeOldRows } from '@clerk-sync/db'
import type { Database, DeletionPolicy } from '@clerk-sync/db'
import type { Kept } from '@clerk-sync/events'
import { errorMessage } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'
import type { OpenQueue } from '@clerk-sync/queue'
import { forgetGone } from './remove-jobs-of-deleted.ts'
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
  readonly deletionPolicy: DeletionPolicy
}

export interface Housekeeping {
  /** Something was deleted: the queue must not know it any longer either. */
  forgetSoon(): void
  /** Resolves when the work under way is done. */
  stop(): Promise<void>
}

/**
 * Ends burials that a worker left, removes old rows and forgets deleted people's jobs, at once and then
 * every hour. Every worker does it; a row that two want to remove is one's.
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
      logger.warn({ reason: errorMessage(error) }, 'housekeeping could not be done')
    }
  }

  async function forget(): Promise<void> {
    // With retain the data stays in the tables anyway.
    if (deps.deletionPolicy === 'retain') return
    const jobs = await forgetGone(deps, stopping.signal)
    if (jobs > 0) logger.info({ jobs }, 'jobs of what is gone leave the queue')
  }

  async function removeOld(): Promise<void> {
    const removed = await removeOldRows(deps.db, deps, stopping.signal)
    metrics.removed(removed)
    if (removed.ledgerRows + removed.tombstones > 0) logger.info(removed, 'old rows removed')
  }

  const keepHouse = () => {
    enqueue(() => finishCascadeDeletes(deps.db, deps.deletionPolicy, stopping.signal))
    enqueue(removeOld)
    enqueue(forget)
  }
  const timer = setInterval(keepHouse, everyMs)
  keepHouse()

  return {
    forgetSoon() {
      // One scan under way, and one that waits for it at the most.
      forgetTimer ??= setTimeout(() => {
        enqueue(() => {
          forgetTimer = undefined
          return forget()
        })
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
