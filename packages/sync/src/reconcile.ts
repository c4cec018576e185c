import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { FeatureNotEnabledError, isAboutOnePath } from '@clerk-sync/events/backend-api'
import { beginReconcile, finishReconcile, keepAlive } from './statements/reconcile-runs.ts'
import type { Comparison } from './statements/reconcile-items.ts'
import type { Entity, EntityApi } from '@clerk-sync/events'
import { compareList, findExtras } from './compare.ts'
import { nothingFound, readDrift } from './entity-drift.ts'
import type { EntityDrift, Failures } from './entity-drift.ts'
import { retryWhileUnavailable } from './retry-while-unavailable.ts'
import { deleteLimit } from './delete-limit.ts'
import type { DeleteLimit } from './delete-limit.ts'
import type { ReconcileOptions } from './reconcile-options.ts'
import { repairDeletes, repairRows } from './repair.ts'

// What changed in Clerk so shortly before the comparison may still be on its way by webhook.
const inFlightMs = 60_000
// What was deleted in Clerk during the comparison has so long to arrive.
const settleMs = 3_000

/** Another process runs a reconcile. */
export class ReconcileBusyError extends Error {
  readonly code = 'ERR_RECONCILE_BUSY'
  override readonly name = 'ReconcileBusyError'
}

/**
 * Compares Clerk and the tables both ways, entity by entity. Nothing of an entity is written before
 * it is known that its delete limit is kept. When a limit is exceeded, nothing more is written at
 * all. What can't be read of one entity, or is refused when it is repaired, is in its result, and the
 * others are compared all the same.
 *
 * @throws {ReconcileBusyError} when a run is under way; {SecretKeyRefusedError} and what the database
 * throws.
 */
export async function reconcile(options: ReconcileOptions): Promise<EntityDrift[]> {
  const { db } = options
  const runId = randomUUID()
  const { busy } = await beginReconcile(db, { id: runId, repair: options.repair !== undefined })
  if (busy !== undefined) {
    throw new ReconcileBusyError(
      'a reconcile is under way already: wait for its end, or 2 minutes where its process has crashed',
    )
  }
  // A run that waits long for Clerk must not look like one that has crashed.
  const heartbeat = setInterval(() => void keepAlive(db, runId).catch(() => undefined), 20_000)
  try {
    const found = await reconcileAll(options, runId)
    await retryWhileUnavailable(options, () => finishReconcile(db, runId, found))
    return found
  } catch (error) {
    // The error that ended it says more than another one after it.
    await finishReconcile(db, runId).catch(() => undefined)
    throw error
  } finally {
    clearInterval(heartbeat)
  }
}

async function reconcileAll(options: ReconcileOptions, runId: string): Promise<EntityDrift[]> {
  let mayWrite = options.repair !== undefined
  const found: EntityDrift[] = []
  for (const entity of options.entities) {
    const drift = await reconcileOne(options, { runId, entity, mayWrite })
    found.push(drift)
    if (drift.exceedsDeleteLimit) mayWrite = false
  }
  return found
}

interface Work {
  readonly runId: string
  readonly entity: Entity
  readonly mayWrite: boolean
}

async function reconcileOne(
  options: ReconcileOptions,
  { runId, entity, mayWrite }: Work,
): Promise<EntityDrift> {
  if (!entity.api) return { ...nothingFound(entity), note: "Clerk's API does not list it" }
  const entityApi = entity.api
  const since = Date.now() - (options.inFlightMs ?? inFlightMs)
  const comparison: Comparison = { runId, entity, since }
  const failures: Failures = { unread: 0, refused: 0, reasons: [] }
  let done: Partial<EntityDrift>
  try {
    const { seen, shortage } = await compareList(options, comparison, { entityApi, failures })
    done = { seen, ...(shortage === undefined ? {} : { problem: shortage }) }
    const more = options.repair
      ? await repair(options, comparison, {
          entityApi,
          failures,
          seen,
          mayWrite,
          maxDeletes: options.repair.maxDeletes,
        })
      : await wait(options, comparison, failures)
    done = { ...done, ...more }
  } catch (error) {
    if (!isAboutOnePath(error)) throw error
    if (error instanceof FeatureNotEnabledError && !entityApi.isInEveryInstance) {
      return { ...nothingFound(entity), note: error.message }
    }
    done = { problem: error.message }
  }
  return { ...(await readDrift(options, comparison)), ...failures, ...done }
}

type Done = Pick<EntityDrift, 'repaired' | 'note' | 'exceedsDeleteLimit'>

// The event of what was deleted in Clerk a moment ago is on its way.
async function wait(
  options: ReconcileOptions,
  comparison: Comparison,
  failures: Failures,
): Promise<Done> {
  const extras = await findExtras(options, comparison, failures)
  const { signal } = options
  if (extras.length > 0) await sleep(options.settleMs ?? settleMs, undefined, { signal })
  return { repaired: 0 }
}

async function repair(
  options: ReconcileOptions,
  comparison: Comparison,
  work: {
    entityApi: EntityApi
    failures: Failures
    seen: number
    mayWrite: boolean
    maxDeletes: DeleteLimit
  },
): Promise<Done> {
  const { entity } = comparison
  const limit = deleteLimit(work.seen, work.maxDeletes)
  const extras = await findExtras(options, comparison, work.failures, limit)
  if (!work.mayWrite) return { repaired: 0, note: 'not repaired: the repair has stopped before' }
  if (extras.length > limit) {
    const rows = limit === 1 ? '1 row' : `${limit} rows`
    const note = `not repaired: more than ${rows} to delete; look at them, then raise the delete limit (--max-deletes, RECONCILE_MAX_DELETES)`
    return { repaired: 0, note, exceedsDeleteLimit: true }
  }
  const deleted = await repairDeletes(options, { entity, failures: work.failures }, extras)
  return { repaired: deleted + (await repairRows(options, comparison, work)) }
}
