import { createBackendApi, defaultRate } from '@clerk-sync/events/backend-api'
import {
  checkInstance,
  createSharedRateLimiter,
  driftOf,
  isComplete,
  listedEntities,
  nameStarter,
  reconcile,
  ReconcileBusyError,
} from '@clerk-sync/sync'
import type { Database, WriteRules } from '@clerk-sync/db'
import type { Kept } from '@clerk-sync/events'
import { errorMessage } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'
import { startSchedule } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import type { ReconcileConfig } from './config.ts'
import type { ReportUnreadable } from './unreadable-fields.ts'

export interface ReconcileDeps {
  readonly config: ReconcileConfig
  readonly location: QueueLocation
  readonly db: Database
  readonly kept: Kept
  readonly rules: WriteRules
  readonly logger: Logger
  readonly reportUnreadable: ReportUnreadable
  readonly onError: (error: Error) => void
}

/** Compares Clerk and the tables on schedule, one worker at a time. */
export function startReconcileSchedule(deps: ReconcileDeps): { close(): Promise<void> } {
  const { config, db, kept, rules, logger } = deps
  const stopping = new AbortController()

  async function run(): Promise<void> {
    const api = createBackendApi({
      secretKey: config.secretKey,
      url: config.apiUrl,
      rateLimiter: createSharedRateLimiter(db, defaultRate(config.secretKey)),
      signal: stopping.signal,
      onRetry: (retry) =>
        logger.warn(retry, "Clerk's API did not answer; the request is sent again"),
    })
    try {
      await checkInstance({ api, db }, config.instanceId)
      const found = await reconcile({
        db,
        api,
        entities: listedEntities(kept),
        rules,
        repair: config.repair ? { maxDeletes: config.maxDeletes } : undefined,
        startedBy: nameStarter('the schedule of a worker'),
        signal: stopping.signal,
        onProgress: () => undefined,
        onUnreadable: deps.reportUnreadable,
      })
      const drift = driftOf(found)
      const tables = found.map(
        ({ table, drift: kinds, repaired, note, problem, unread, refused, reasons }) => ({
          table,
          ...kinds,
          repaired,
          note,
          ...(isComplete(found) ? {} : { problem, unread, refused, reasons }),
        }),
      )
      if (!isComplete(found)) {
        logger.error(
          { drift, tables },
          'reconcile could not compare or repair everything; "problem" and "reasons" of the tables say why',
        )
      } else {
        logger[drift > 0 ? 'warn' : 'info'](
          { drift, tables },
          'reconcile compared Clerk and the tables',
        )
      }
    } catch (error) {
      if (stopping.signal.aborted)
        logger.info('reconcile stopped with the worker; it runs again later')
      else if (error instanceof ReconcileBusyError) logger.info(error.message)
      else
        logger.error(
          { reason: errorMessage(error) },
          'the reconcile failed; it runs again in some minutes',
        )
      throw error
    }
  }

  const schedule = startSchedule(deps.location, {
    name: 'reconcile',
    cron: config.cron,
    run,
    onError: deps.onError,
  })
  return {
    async close() {
      stopping.abort()
      await schedule.close()
    },
  }
}
