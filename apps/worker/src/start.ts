import { createDatabase, createDatabaseCheck } from '@clerk-sync/db'
import { saveSettings } from '@clerk-sync/sync'
import { choiceOf, parseEventJob } from '@clerk-sync/events'
import { waitAtMost } from '@clerk-sync/ops'
import type { App, Logger, Ops } from '@clerk-sync/ops/process'
import {
  checkQueue,
  createConsumer,
  createQueueErrorLog,
  lossMessages,
  openQueue,
  registerQueueMetrics,
  reportProcess,
  watchForLoss,
} from '@clerk-sync/queue'
import type { Consumer, JobRun } from '@clerk-sync/queue'
import type { WorkerConfig } from './config.ts'
import { createDatabaseAvailability } from './database-availability.ts'
import { startHousekeeping } from './housekeeping.ts'
import type { Housekeeping } from './housekeeping.ts'
import { createWorkerMetrics } from './metrics.ts'
import { createProcessor } from './processor.ts'
import { registerReconcileMetrics } from './reconcile-metrics.ts'
import { startReconcileSchedule } from './reconcile-schedule.ts'
import { createUnreadableFields } from './unreadable-fields.ts'
import { waitForDatabase } from './wait-for-database.ts'

// Two flushes at a time, and a few for readiness and whatever else reads.
const maxConnections = 5
// While two batches are written the next ones fill up.
const batchesAtOnce = 3

// A little longer than the consumer takes at most. What still waits for a silent database ends with its
// connection.
const endOfWorkMs = 5_500

/** Starts the worker. It fetches once the database is there and migrated; until then it is not ready. */
export async function startWorker(config: WorkerConfig, ops: Ops): Promise<App> {
  const logger = ops.logger.child({ app: 'worker' })
  const db = createDatabase({ url: config.databaseUrl, maxConnections })
  const stopping = new AbortController()
  const logQueueError = createQueueErrorLog(logger)
  const onQueueError = (error: Error) => {
    if (!stopping.signal.aborted) logQueueError(error)
  }
  const queue = openQueue(config.queue, { onError: onQueueError })
  const concurrency = config.batchSize * batchesAtOnce
  const checkWrites = createDatabaseCheck(db)
  const availability = createDatabaseAvailability(logger)
  const checkDatabase = async () => {
    if (availability.problem !== undefined) throw new Error(availability.problem)
    await checkWrites()
  }
  const metrics = createWorkerMetrics(ops.registry, {
    concurrency,
    poolUse: () => db.poolUse(),
    checkDatabase,
  })
  const reportUnreadable = createUnreadableFields(ops.registry, logger)
  registerQueueMetrics(ops.registry, queue)
  const lossWatch = watchForLoss(ops.registry, queue, (loss) => logger.error(lossMessages[loss]))
  const { kept, deletionPolicy, auditValues, ledgerRetentionDays } = config
  let consumer: Consumer | undefined
  let housekeeping: Housekeeping | undefined
  let reconciling: { close(): Promise<void> } | undefined
  registerReconcileMetrics(ops.registry, { db, isScheduled: config.reconcile !== undefined })

  const processor = createProcessor({
    db,
    availability,
    metrics,
    logger,
    kept,
    rules: { deletionPolicy, auditValues },
    batchSize: config.batchSize,
    reportUnreadable,
    onDeleted: () => housekeeping?.removeJobsSoon(),
  })

  function startFetching(): void {
    const started = createConsumer(config.queue, {
      concurrency,
      process: (run) => metrics.inProgress(processor.process(run)),
      onFailed(run, error, final) {
        metrics.failed(run.name, final)
        logFailure(logger, run, error, final)
      },
      onStalled(jobId) {
        metrics.stalled()
        logger.warn({ jobId }, 'job taken over from a worker that crashed or froze')
      },
      onError: onQueueError,
      ...(config.lockDurationMs ? { lockDurationMs: config.lockDurationMs } : {}),
    })
    availability.onChange({
      pause: () => void started.pause(),
      resume: () => void started.resume(),
    })
    consumer = started
  }

  async function startOnceReady(): Promise<void> {
    await waitForDatabase(checkWrites, {
      logger,
      onWaiting: (reason) => availability.unavailable(reason),
      stopping: stopping.signal,
    })
    // The first event should not wait for the first connection.
    await db.ping().catch(() => undefined)
    if (stopping.signal.aborted) return
    availability.available()
    startFetching()
    await saveSettings(db, { deletionPolicy, choice: choiceOf(kept) }).catch((error: unknown) =>
      logger.warn({ error }, 'the settings for backfill and reconcile could not be saved'),
    )
    if (stopping.signal.aborted) return
    housekeeping = startHousekeeping({
      db,
      queue,
      kept,
      metrics,
      logger,
      ledgerRetentionDays,
      rules: { deletionPolicy, auditValues },
    })
    if (config.reconcile) {
      reconciling = startReconcileSchedule({
        config: config.reconcile,
        location: config.queue,
        db,
        kept,
        rules: { deletionPolicy, auditValues },
        logger,
        reportUnreadable,
        onError: onQueueError,
      })
    }
  }
  startOnceReady().catch((error: unknown) => logger.fatal({ error }, 'the worker can not start'))

  const checks = [
    { name: 'queue', run: () => checkQueue(queue) },
    { name: 'database', run: checkDatabase },
  ]
  const reporting = reportProcess(ops, queue, { name: 'worker', checks })
  return {
    name: 'worker',
    checks,
    async close() {
      stopping.abort()
      lossWatch.stop()
      processor.stop()
      const work = Promise.all([consumer?.close(), housekeeping?.stop(), reconciling?.close()])
      await waitAtMost(work, endOfWorkMs)
      await reporting.stop()
      await Promise.all([queue.close(), db.close()])
    },
  }
}

// What is in the queue may be no event at all.
function logFailure(logger: Logger, run: JobRun, error: Error, final: boolean): void {
  const { jobId, name, attempt } = run
  const { svixId, entityId } = parseEventJob(run.data) ?? {}
  const fields = { svixId, jobId, type: name, entityId, attempt, final, error }
  logger[final ? 'error' : 'warn'](fields, 'event failed')
}
