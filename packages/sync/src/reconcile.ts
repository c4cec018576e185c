import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { FeatureNotEnabledError } from '@clerk-sync/events/backend-api'
import { beginReconcile, finishReconcile, keepAlive } from './statements/reconcile-runs.ts'
import type { Comparison } from './statements/reconcile-items.ts'
import type { Entity } from '@clerk-sync/events'
import { compareList } from './compare.ts'
import { nothingFound, readDrift } from './entity-drift.ts'
import type { EntityDrift } from './entity-drift.ts'
import { findExtras } from './extras.ts'
import { deleteLimit } from './delete-limit.ts'
import type { DeleteLimit } from './delete-limit.ts'
import { retryWhileUnavailable } from './retry-while-unavailable.ts'
import type { ReconcileOptions } from './reconcile-options.ts'
import { repairDeletes, repairRows } from './repair.ts'

// What changed in Clerk so shortly before the comparison may still be on its way by webhook.
const inFlightMs = 60_000
// What was deleted in Clerk during the comparison has so long to arrive.
const settleMs = 3_000

/** Another process is at it. */
export class ReconcileBusyError extends Error {
  readonly code = 'ERR_RECONCILE_BUSY'
  override readonly name = 'ReconcileBusyError'
}

/**
 * Compares Clerk and the tables both ways, entity by entity. Nothing of an entity is written before
 * it is known that no more of its rows are to be deleted than the fuse allows; when they are more,
 * nothing more is written at all.
 *
 * @throws {ReconcileBusyError} when a run is under way; what the API and the database throw.
 */
export async function reconcile(options: ReconcileOptions): Promise<EntityDrift[]> {
  const { db, repair } = options
  const runId = randomUUID()
  const { busy } = await beginReconcile(db, { id: runId, repair: repair !== undefined })
  if (busy !== undefined) {
    throw new ReconcileBusyError(
      'a reconcile is under way already: wait for its end, or 2 minutes where its process has died',
    )
  }
  // A heart, so that a run that waits long for Clerk is not taken for dead.
  const heart = setInterval(() => void keepAlive(db, runId).catch(() => undefined), 20_000)
  try {
    const found = await reconcileAll(options, runId)
    await retryWhileUnavailable(options, () => finishReconcile(db, runId, found))
    return found
  } catch (error) {
    // The error that ended it says more than another one after it.
    await finishReconcile(db, runId).catch(() => undefined)
    throw error
  } finally {
    clearInterval(heart)
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
  const { list } = entity.api
  const since = Date.now() - (options.inFlightMs ?? inFlightMs)
  const comparison: Comparison = { runId, entity, since }
  try {
    const seen = await compareList(options, comparison, list)
    const done = options.repair
      ? await mend(options, comparison, { list, seen, mayWrite, fuse: options.repair.maxDeletes })
      : await wait(options, comparison)
    return { ...(await readDrift(options, comparison)), seen, ...done }
  } catch (error) {
    // Every instance has users: who may not read them knows nothing.
    if (!(error instanceof FeatureNotEnabledError) || list === '/users') throw error
    return { ...nothingFound(entity), note: error.message }
  }
}

type Done = Pick<EntityDrift, 'repaired' | 'note' | 'exceedsDeleteLimit'>

// The event of what was deleted in Clerk a moment ago is on its way.
async function wait(options: ReconcileOptions, comparison: Comparison): Promise<Done> {
  const extras = await findExtras(options, comparison)
  const { signal } = options
  if (extras.length > 0) await sleep(options.settleMs ?? settleMs, undefined, { signal })
  return { repaired: 0 }
}

async function mend(
  options: ReconcileOptions,
  comparison: Comparison,
  work: { list: string; seen: number; mayWrite: boolean; fuse: DeleteLimit },
): Promise<Done> {
  const { entity } = comparison
  const most = deleteLimit(work.seen, work.fuse)
  const extras = await findExtras(options, comparison, most)
  if (!work.mayWrite) return { repaired: 0, note: 'not repaired: the repair has stopped before' }
  if (extras.length > most) {
    const note = `not repaired: more than ${most} rows to delete; look at them, then raise --max-deletes`
    return { repaired: 0, note, exceedsDeleteLimit: true }
  }
  const deleted = await repairDeletes(options, entity, extras)
  return { repaired: deleted + (await repairRows(options, comparison, work)) }
}
