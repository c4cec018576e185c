import { applyChanges, DatabaseUnavailableError, isFinal, rowKeyOf } from '@clerk-sync/db'
import type { ChangeResult, Database, WriteRules } from '@clerk-sync/db'
import { changeFromEvent } from '@clerk-sync/events'
import type { Change, Kept } from '@clerk-sync/events'
import { createBatcher, createSilenceWatch, retry } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'
import { CannotApplyError, GiveBackError } from '@clerk-sync/queue'
import type { JobRun } from '@clerk-sync/queue'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'
import { inBatchSpans } from './batch-spans.ts'
import type { DatabaseAvailability } from './database-availability.ts'
import type { WorkerMetrics } from './metrics.ts'
import type { ReportUnreadable } from './unreadable-fields.ts'

const retryDelayMs = 500

export interface ProcessorDeps {
  readonly db: Database
  readonly availability: DatabaseAvailability
  readonly metrics: WorkerMetrics
  readonly logger: Logger
  readonly kept: Kept
  readonly rules: WriteRules
  readonly batchSize: number
  readonly reportUnreadable: ReportUnreadable
  /** Called when something was deleted. */
  readonly onDeleted: () => void
}

interface Item {
  readonly change: Change
  /** The attempt's span. */
  readonly context: Context
}

export interface Processor {
  /** Resolves when the event is committed. */
  process(run: JobRun): Promise<void>
  /** Lets a flush under way finish, unless the database is unavailable; gives the other events back. */
  stop(): void
}

/** job -> change -> batch -> one guarded write. */
export function createProcessor(deps: ProcessorDeps): Processor {
  const { db, availability, kept, rules, metrics, logger } = deps
  const stopping = new AbortController()
  const silence = createSilenceWatch()
  const batcher = createBatcher<Item, ChangeResult>(
    (items) =>
      inBatchSpans(
        items.map((item) => item.context),
        () => flush(items.map((item) => item.change)),
      ),
    { maxSize: deps.batchSize, keyOf: ({ change }) => rowKeyOf(change) },
  )

  async function flush(changes: Change[]): Promise<ChangeResult[]> {
    const started = performance.now()
    try {
      const results = await writeOnceAvailable(changes)
      metrics.flushed(changes.length, (performance.now() - started) / 1000)
      return results
    } finally {
      // Whatever came of the write: it ended, so the database works.
      if (!stopping.signal.aborted) outsideOfTrace(() => availability.available())
    }
  }

  // As long as it takes: an outage costs no event an attempt.
  async function writeOnceAvailable(changes: Change[]): Promise<ChangeResult[]> {
    const { signal } = stopping
    try {
      return await retry(() => applyChanges(db, changes, rules), {
        firstDelayMs: retryDelayMs,
        signal,
        isRetryable(error) {
          if (!(error instanceof DatabaseUnavailableError)) return false
          if (!error.isConflict) outsideOfTrace(() => availability.unavailable(error.message))
          return true
        },
      })
    } catch (error) {
      if (!signal.aborted) throw error
      throw new GiveBackError('stopping while the database is unavailable', { cause: error })
    }
  }

  return {
    async process(run) {
      const startedAt = Date.now()
      const change = toChange(kept, run.data)
      const { type, id: svixId, entityId, occurredAt } = change.event
      const span = trace.getActiveSpan()
      span?.setAttributes({ 'clerk_sync.event.type': type, 'clerk_sync.event.id': svixId })
      if (entityId !== undefined) span?.setAttribute('clerk_sync.entity.id', entityId)
      const result = await batcher.add({ change, context: context.active() })
      if (!result.ok) throw toJobError(result.error)
      const { outcome } = result
      span?.setAttribute('clerk_sync.outcome', outcome)
      const enqueuedAt = run.hasFailedBefore ? undefined : run.enqueuedAt
      metrics.done({ type, occurredAt, enqueuedAt, startedAt, attempt: run.attempt }, outcome)
      if (change.kind === 'upsert' && change.unreadable.length > 0 && outcome !== 'duplicate') {
        deps.reportUnreadable(change.entity, change.unreadable, { svixId, entityId: change.id })
      }
      if (change.kind === 'delete' || result.isDeletion) outsideOfTrace(deps.onDeleted)
      const news = silence.succeeded(startedAt)
      if (news !== undefined) logger.info({ svixId, type, outcome }, `event done, ${news}`)
      if (logger.isLevelEnabled('debug')) {
        const durationMs = Date.now() - startedAt
        logger.debug({ svixId, type, entityId, outcome, durationMs }, 'event done')
      }
    },
    stop() {
      stopping.abort()
      batcher.stop(new GiveBackError('the worker is stopping'))
    },
  }
}

function toChange(kept: Kept, data: unknown) {
  try {
    return changeFromEvent(kept, data)
  } catch (error) {
    throw toJobError(error)
  }
}

const toJobError = (error: unknown) =>
  isFinal(error) ? new CannotApplyError(error.message, { cause: error }) : error

// What goes on afterwards is no part of the event's trace.
const outsideOfTrace = (work: () => void) => context.with(ROOT_CONTEXT, work)
