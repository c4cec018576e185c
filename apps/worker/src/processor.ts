import type { Change, ChangeResult, Database, DatabaseUnavailableError } from '@clerk-sync/db'
import type { Logger } from '@clerk-sync/ops'
import { GiveBackError } from '@clerk-sync/queue'
import type { Delivery } from '@clerk-sync/queue'
import { createBatcher } from './batcher.ts'
import { toChange } from './change.ts'
import type { WorkerMetrics } from './metrics.ts'
import { writePatiently } from './patient-writer.ts'

export interface ProcessorDeps {
  readonly db: Database
  readonly metrics: WorkerMetrics
  readonly logger: Logger
  readonly batchSize: number
  /** Called when the database goes away and when it is back. */
  readonly onDatabase: (error: DatabaseUnavailableError | undefined) => void
}

export interface Processor {
  /** Resolves when the event is committed. */
  process(delivery: Delivery): Promise<void>
  /** Lets a flush under way finish, unless the database is away; gives the other events back. */
  stop(): void
}

/** job -> change -> batch -> one guarded write. */
export function createProcessor(deps: ProcessorDeps): Processor {
  const { db, metrics, logger } = deps
  const stopping = new AbortController()
  const batcher = createBatcher<Change, ChangeResult>(flush, deps.batchSize)

  async function flush(changes: Change[]): Promise<ChangeResult[]> {
    const hooks = { onUnavailable: deps.onDatabase, onAvailable: () => deps.onDatabase(undefined) }
    const started = performance.now()
    const results = await writePatiently(db, changes, hooks, stopping.signal)
    metrics.flushed(changes.length, (performance.now() - started) / 1000)
    return results
  }

  return {
    async process(delivery) {
      const startedAt = Date.now()
      const change = toChange(delivery.data)
      const result = await batcher.add(change)
      if (!result.ok) throw result.error
      const { type, id: svixId, entityId, occurredAt } = change.event
      const { outcome } = result
      metrics.done({ type, occurredAt, enqueuedAt: delivery.enqueuedAt, startedAt }, outcome)
      logger.debug({ svixId, type, entityId, outcome }, 'event done')
    },
    stop() {
      stopping.abort()
      batcher.stop(new GiveBackError('the worker is stopping'))
    },
  }
}
