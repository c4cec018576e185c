import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { FeatureNotEnabledError } from '@clerk-sync/backend-api'
import { beginReconcile, finishReconcile, keepAlive } from '@clerk-sync/db'
import type { Comparison } from '@clerk-sync/db'
import type { Entity } from '@clerk-sync/entities'
import { compareList } from './compare.ts'
import { driftOf, nothingFound, readDrift } from './entity-drift.ts'
import type { EntityDrift } from './entity-drift.ts'
import { findExtras } from './extras.ts'
import { mostDeletes } from './max-deletes.ts'
import { patiently } from './patience.ts'
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
    await patiently(options, () => finishReconcile(db, runId, found))
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
  let repair = options.repair
  const found: EntityDrift[] = []
  for (const entity of options.entities) {
    const drift = await reconcileOne({ ...options, repair }, runId, entity)
    const isLeft = options.repair !== undefined && repair === undefined && driftOf([drift]) > 0
    found.push(isLeft ? { ...drift, note: 'not repaired: the repair has stopped' } : drift)
    if (drift.isFuseBlown) repair = undefined
  }
  return found
}

async function reconcileOne(
  options: ReconcileOptions,
  runId: string,
  entity: Entity,
): Promise<EntityDrift> {
  if (!entity.api) return { ...nothingFound(entity), note: "Clerk's API does not list it" }
  const since = Date.now() - (options.inFlightMs ?? inFlightMs)
  const comparison: Comparison = { runId, entity, since }
  try {
    const seen = await compareList(options, comparison, entity.api.list)
    const done = await settle(options, comparison, { list: entity.api.list, seen })
    return { ...(await readDrift(options, comparison)), seen, ...done }
  } catch (error) {
    if (!(error instanceof FeatureNotEnabledError)) throw error
    return { ...nothingFound(entity), note: error.message }
  }
}

/** What is to be done about what was found: mending it, or waiting for what is on its way. */
async function settle(
  options: ReconcileOptions,
  comparison: Comparison,
  walked: { list: string; seen: number },
): Promise<Pick<EntityDrift, 'repaired' | 'note' | 'isFuseBlown'>> {
  const { repair, signal } = options
  if (!repair) {
    const extras = await findExtras(options, comparison)
    if (extras.length > 0) await sleep(options.settleMs ?? settleMs, undefined, { signal })
    return { repaired: 0 }
  }
  const most = await mostDeletes(options, comparison.entity, repair.maxDeletes)
  const extras = await findExtras(options, comparison, most)
  if (extras.length > most) {
    const note = `not repaired: more than ${most} rows to delete; look at them, then raise --max-deletes`
    return { repaired: 0, note, isFuseBlown: true }
  }
  const deleted = await repairDeletes(options, comparison.entity, extras)
  return { repaired: deleted + (await repairRows(options, comparison, walked)) }
}
