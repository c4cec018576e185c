import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { FeatureNotEnabledError, isAboutOnePath } from '@clerk-sync/events/backend-api'
import {
  beginReconcile,
  beginSlice,
  endSlice,
  finishReconcile,
  keepAlive,
  saveSlice,
} from './statements/reconcile-runs.ts'
import { describeUnderWay, keepSayingAlive, nameStarter } from './statements/under-way.ts'
import type { UnderWay } from './statements/under-way.ts'
import type { Comparison } from './statements/reconcile-items.ts'
import type { Entity, EntityApi } from '@clerk-sync/events'
import { compareList, findExtras } from './compare.ts'
import { nothingFound, readDrift } from './entity-drift.ts'
import type { EntityDrift, EntityState, Failures, Save } from './entity-drift.ts'
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
  constructor(busy: UnderWay) {
    super(
      `a reconcile is under way already, ${describeUnderWay(busy)}: wait for its end, or 2 minutes where its process has crashed`,
    )
  }
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
  const { busy } = await beginReconcile(db, {
    id: runId,
    repair: options.repair !== undefined,
    startedBy: options.startedBy ?? nameStarter('a program'),
  })
  if (busy !== undefined) throw new ReconcileBusyError(busy)
  const heartbeat = keepSayingAlive(() => keepAlive(db, runId))
  try {
    const state = firstState()
    await reconcileAll(options, { runId, state, save: async () => undefined })
    const { found } = state
    await retryWhileUnavailable(options, () => finishReconcile(db, runId, found))
    return found
  } catch (error) {
    // The error that ended it says more than another one after it.
    await finishReconcile(db, runId).catch(() => undefined)
    throw error
  } finally {
    heartbeat.stop()
  }
}

/** What a slice works on, and how long: `endsAt` is in milliseconds since the epoch. */
export interface SliceOptions extends ReconcileOptions {
  readonly endsAt: number
}

/** What is known at the end of a slice. */
export interface SliceResult {
  /** Whether all entities were compared; otherwise the next slice goes on. */
  readonly isFinished: boolean
  /** The entities that are finished. */
  readonly found: readonly EntityDrift[]
}

/**
 * Does a part of a reconcile: begins one, or goes on where the last slice stopped. It stops at `endsAt`,
 * or when `signal` is aborted; what it was reading then is read again. Another reconcile may run between
 * two slices: then the next slice begins anew.
 *
 * @throws {ReconcileBusyError} when a run is under way; {SecretKeyRefusedError} and what the database
 * throws.
 */
export async function reconcileSlice(options: SliceOptions): Promise<SliceResult> {
  const { db } = options
  const begun = await beginSlice(db, {
    id: randomUUID(),
    repair: options.repair !== undefined,
    startedBy: options.startedBy ?? nameStarter('a program'),
    slice: firstState(),
  })
  if ('busy' in begun) throw new ReconcileBusyError(begun.busy)
  const { id: runId } = begun
  const state = begun.slice as RunState
  const deadline = AbortSignal.timeout(Math.max(0, options.endsAt - Date.now()))
  const signal = AbortSignal.any([options.signal, deadline])
  const heartbeat = keepSayingAlive(() => keepAlive(db, runId))
  try {
    await reconcileAll(
      { ...options, signal },
      { runId, state, save: () => saveSlice(db, runId, state) },
    )
    await finishReconcile(db, runId, state.found)
    return { isFinished: true, found: state.found }
  } catch (error) {
    const isEnd = signal.aborted
    await (isEnd ? endSlice(db, runId) : finishReconcile(db, runId)).catch(() => undefined)
    if (isEnd) return { isFinished: false, found: state.found }
    throw error
  } finally {
    heartbeat.stop()
  }
}

/** How far a run is. */
interface RunState {
  readonly found: EntityDrift[]
  mayWrite: boolean
  /** Of the entity that is compared now. */
  current: EntityState | undefined
}

const firstState = (): RunState => ({ found: [], mayWrite: true, current: undefined })

interface Run {
  readonly runId: string
  readonly state: RunState
  readonly save: Save
}

async function reconcileAll(options: ReconcileOptions, run: Run): Promise<void> {
  const { state, save } = run
  const done = new Set(state.found.map(({ table }) => table))
  for (const entity of options.entities.filter(({ table }) => !done.has(table))) {
    const drift = await reconcileOne(options, entity, run)
    state.found.push(drift)
    state.current = undefined
    if (drift.exceedsDeleteLimit) state.mayWrite = false
    await save()
  }
}

async function reconcileOne(
  options: ReconcileOptions,
  entity: Entity,
  run: Run,
): Promise<EntityDrift> {
  if (!entity.api) return { ...nothingFound(entity), note: "Clerk's API does not list it" }
  const entityApi = entity.api
  const state = (run.state.current ??= {
    since: Date.now() - (options.inFlightMs ?? inFlightMs),
    phase: 'list',
    position: {},
    read: 0,
    seen: 0,
    failures: { unread: 0, refused: 0, reasons: [] },
    repaired: 0,
  })
  const comparison: Comparison = { runId: run.runId, entity, since: state.since }
  const { runId, save } = run
  const mayWrite = run.state.mayWrite && options.repair !== undefined
  const work: Work = { runId, save, mayWrite, entityApi, state }
  let done: Partial<EntityDrift> = {}
  try {
    if (state.phase === 'list') {
      await compareList(options, comparison, work)
      await begin(work, 'delete')
    }
    if (state.shortage !== undefined) done = { problem: state.shortage }
    const more = options.repair
      ? await repair(options, comparison, { ...work, maxDeletes: options.repair.maxDeletes })
      : await wait(options, comparison, state.failures)
    done = { ...done, ...more }
  } catch (error) {
    if (!isAboutOnePath(error)) throw error
    if (error instanceof FeatureNotEnabledError && !entityApi.isInEveryInstance) {
      return { ...nothingFound(entity), note: error.message }
    }
    done = { problem: error.message }
  }
  const { seen, repaired, failures } = state
  return { ...(await readDrift(options, comparison)), ...failures, seen, repaired, ...done }
}

interface Work extends Omit<Run, 'state'> {
  readonly mayWrite: boolean
  readonly entityApi: EntityApi
  readonly state: EntityState
}

/** Goes on to the next phase, which reads the list from its start. */
async function begin({ state, save }: Work, phase: EntityState['phase']): Promise<void> {
  Object.assign(state, { phase, position: {}, read: 0 })
  await save()
}

type Done = Pick<EntityDrift, 'note' | 'exceedsDeleteLimit'>

// The event of what was deleted in Clerk a moment ago is on its way.
async function wait(
  options: ReconcileOptions,
  comparison: Comparison,
  failures: Failures,
): Promise<Done> {
  const extras = await findExtras(options, comparison, failures)
  const { signal } = options
  if (extras.length > 0) await sleep(options.settleMs ?? settleMs, undefined, { signal })
  return {}
}

async function repair(
  options: ReconcileOptions,
  comparison: Comparison,
  work: Work & { maxDeletes: DeleteLimit },
): Promise<Done> {
  const { entity } = comparison
  const { state } = work
  if (state.phase === 'delete') {
    const limit = deleteLimit(state.seen, work.maxDeletes)
    const extras = await findExtras(options, comparison, state.failures, limit)
    if (!work.mayWrite) return { note: 'not repaired: the repair has stopped before' }
    if (extras.length > limit) {
      const rows = limit === 1 ? '1 row' : `${limit} rows`
      const note = `not repaired: more than ${rows} to delete; look at them, then raise the delete limit (--max-deletes, RECONCILE_MAX_DELETES)`
      return { note, exceedsDeleteLimit: true }
    }
    const { failures } = state
    state.repaired += await repairDeletes(options, { entity, failures }, extras)
    await begin(work, 'write')
  }
  await repairRows(options, comparison, work)
  return {}
}
