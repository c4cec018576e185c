import { finishCascadeDeletes, removeOldRows } from '@clerk-sync/db'
import type { Database, WriteRules } from '@clerk-sync/db'
import type { Kept } from '@clerk-sync/events'
import { errorMessage } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'
import type { OpenQueue } from '@clerk-sync/queue'
import { removeJobsOfDeleted } from './remove-jobs-of-deleted.ts'
import type { WorkerMetrics } from './metrics.ts'

const everyMs = 60 * 60_000
// Deletions come in groups, and one scan of the queue serves all of a group.
const removeJobsAfterMs = 250

export interface HousekeepingDeps {
  readonly db: Database
  readonly queue: OpenQueue
  readonly kept: Kept
  readonly metrics: WorkerMetrics
  readonly logger: Logger
  readonly ledgerRetentionDays: number
  readonly rules: WriteRules
}

export interface Housekeeping {
  /** Something was deleted: its failed and delayed jobs are removed, too. */
  removeJobsSoon(): void
  /** Resolves when the work under way is done. */
  stop(): Promise<void>
}

/**
 * Finishes cascade deletes of crashed workers, removes old rows, and removes the jobs of deleted
 * people from the queue: at once and then every hour. Every worker does it; two workers never remove
 * the same row twice.
 */
export function startHousekeeping(deps: HousekeepingDeps): Housekeeping {
  const stopping = new AbortController()
  const { logger, metrics } = deps
  let work: Promise<void> = Promise.resolve()
  let removeJobsTimer: NodeJS.Timeout | undefined

  function enqueue(task: () => Promise<void>): void {
    work = after(work, task)
  }

  async function after(before: Promise<void>, task: () => Promise<void>): Promise<void> {
    await before
    if (stopping.signal.aborted) return
    try {
      await task()
    } catch (error) {
      logger.warn(
        { reason: errorMessage(error) },
        'housekeeping failed; it is tried again within the hour',
      )
    }
  }

  async function removeJobs(): Promise<void> {
    // With retain the data stays in the tables anyway.
    if (deps.rules.deletionPolicy === 'retain') return
    const { ended, refused } = await removeJobsOfDeleted(deps, stopping.signal)
    if (ended > 0)
      logger.info({ jobs: ended }, 'jobs of deleted entities were removed from the queue')
    if (refused > 0) {
      logger.warn(
        { jobs: refused },
        'jobs of deleted users stay: the ledger refused their events; they are tried again within the hour',
      )
    }
  }

  async function removeOld(): Promise<void> {
    const removed = await removeOldRows(deps.db, deps, stopping.signal)
    metrics.removed(removed)
    if (removed.ledgerRows + removed.tombstones > 0) logger.info(removed, 'old rows removed')
  }

  const runAll = () => {
    enqueue(() => finishCascadeDeletes(deps.db, deps.rules.deletionPolicy, stopping.signal))
    enqueue(removeOld)
    enqueue(removeJobs)
  }
  const timer = setInterval(runAll, everyMs)
  runAll()

  return {
    removeJobsSoon() {
      // One scan under way, and one that waits for it at the most.
      removeJobsTimer ??= setTimeout(() => {
        enqueue(() => {
          removeJobsTimer = undefined
          return removeJobs()
        })
      }, removeJobsAfterMs)
    },
    async stop() {
      stopping.abort()
      clearInterval(timer)
      clearTimeout(removeJobsTimer)
      await work
    },
  }
}
