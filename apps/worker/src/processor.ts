import type {
  Change,
  ChangeResult,
  Database,
  DatabaseUnavailableError,
  WriteRules,
} from '@clerk-sync/db'
import type { Kept } from '@clerk-sync/events'
import { createBatcher } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'
import { GiveBackError } from '@clerk-sync/queue'
import type { JobRun } from '@clerk-sync/queue'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'
import { inBatchSpans } from './batch-spans.ts'
import { toChange } from './change.ts'
import type { WorkerMetrics } from './metrics.ts'
import { writeWhileUnavailable } from './write-while-unavailable.ts'

export interface ProcessorDeps {
  readonly db: Database
  readonly metrics: WorkerMetrics
  readonly logger: Logger
  readonly kept: Kept
  readonly rules: WriteRules
  readonly batchSize: number
  /** Called when something is gone. */
  readonly onDeleted: () => void
  /** Called when the database is found away, and with undefined when it is there; often the same again. */
  readonly onDatabase: (error: DatabaseUnavailableError | undefined) => void
}

interface Item {
  readonly change: Change
  /** The attempt's span. */
  readonly context: Context
}

export interface Processor {
  /** Resolves when the event is committed. */
  process(run: JobRun): Promise<void>
  /** Lets a flush under way finish, unless the database is away; gives the other events back. */
  stop(): void
}

/** job -> change -> batch -> one guarded write. */
export function createProcessor(deps: ProcessorDeps): Processor {
  const { db, kept, rules, metrics, logger } = deps
  const stopping = new AbortController()
  // What goes on after it is no part of the event's trace.
  const onDeleted = () => context.with(ROOT_CONTEXT, deps.onDeleted)
  const onDatabase: ProcessorDeps['onDatabase'] = (error) =>
    context.with(ROOT_CONTEXT, () => deps.onDatabase(error))
  const batcher = createBatcher<Item, ChangeResult>(
    (items) =>
      inBatchSpans(
        items.map((item) => item.context),
        () => flush(items.map((item) => item.change)),
      ),
    deps.batchSize,
  )

  async function flush(changes: Change[]): Promise<ChangeResult[]> {
    const started = performance.now()
    try {
      const results = await writeWhileUnavailable(
        db,
        { changes, rules },
        onDatabase,
        stopping.signal,
      )
      metrics.flushed(changes.length, (performance.now() - started) / 1000)
      return results
    } finally {
      // Whatever came of the write: that it ended means that the database is not away.
      if (!stopping.signal.aborted) onDatabase(undefined)
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
      if (!result.ok) throw result.error
      const { outcome } = result
      span?.setAttribute('clerk_sync.outcome', outcome)
      const enqueuedAt = run.hasFailedBefore ? undefined : run.enqueuedAt
      metrics.done({ type, occurredAt, enqueuedAt, startedAt, attempt: run.attempt }, outcome)
      if (change.kind === 'delete' || result.isDeletion) onDeleted()
      logger.debug({ svixId, type, entityId, outcome }, 'event done')
    },
    stop() {
      stopping.abort()
      batcher.stop(new GiveBackError('the worker is stopping'))
    },
  }
}
