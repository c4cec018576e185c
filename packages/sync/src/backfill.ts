import { randomUUID } from 'node:crypto'
import { errorMessage } from '@clerk-sync/ops'
import { changeFromApi } from '@clerk-sync/events'
import { FeatureNotEnabledError, isAboutOnePath } from '@clerk-sync/events/backend-api'
import type { BackendApi, Position } from '@clerk-sync/events/backend-api'
import { applyChanges, previewBatch } from '@clerk-sync/db'
import {
  finishBackfill,
  readBackfill,
  saveBackfill,
  startBackfill,
} from './statements/backfills.ts'
import {
  beginBackfill,
  describeUnderWay,
  endBackfill,
  keepBackfillAlive,
  nameStarter,
} from './statements/under-way.ts'
import type { UnderWay } from './statements/under-way.ts'
import type { ChangeResult, Database, WriteRules } from '@clerk-sync/db'
import type { Change, ClerkObject, Entity } from '@clerk-sync/events'
import { readPages, reportUnreadable } from './pages.ts'
import { retryWhileUnavailable } from './retry-while-unavailable.ts'
import type { RetryOptions } from './retry-while-unavailable.ts'

/** What became of the things that were read. */
export interface Counts {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  /** The table has something newer, or the id has a tombstone. */
  readonly stale: number
  readonly failed: number
}

// What Clerk changed so shortly before a reading has its event on its way, and clocks differ.
const inFlightMs = 60_000

const noCounts: Counts = { created: 0, updated: 0, unchanged: 0, stale: 0, failed: 0 }

export interface BackfillOptions extends RetryOptions {
  readonly db: Database
  readonly api: BackendApi
  readonly entities: readonly Entity[]
  readonly rules: WriteRules
  /** Go on where the last backfill was stopped; entities that it finished are passed over. */
  readonly resume: boolean
  /** Write nothing, say what would be written. */
  readonly dryRun: boolean
  /**
   * Write rows of an equal updated_at, too, where they differ: they lack a field that is kept since, or
   * were changed by hand. What `resume` goes on with keeps to its own.
   */
  readonly refill?: boolean
  /** Who runs it, for others who find it under way; see `nameStarter`. */
  readonly startedBy?: string
  /** Called after each page. `total` is how many Clerk has, where it says so. */
  readonly onProgress: (progress: {
    entity: Entity
    counts: Counts
    total: number | undefined
  }) => void
  /** Called for each object of which no row can be made, or whose row the database refuses. */
  readonly onProblem: (entity: Entity, problem: string) => void
  /** Called for each object that is written though some of its fields can't be read. */
  readonly onUnreadable?: (entity: Entity, fields: readonly string[]) => void
}

/** What became of one entity's backfill; with `resume` since its start. */
export interface BackfillResult {
  readonly entity: Entity
  readonly counts: Counts
  /** Why it was passed over, where Clerk's instance has no such thing. */
  readonly skipped?: string
  /** Why it was not read to its end; `resume` tries again from there. */
  readonly problem?: string
  /** Stopped before its end: `resume` goes on from there. */
  readonly stopped?: true
  /** The backfill that was resumed had finished it. */
  readonly wasFinished?: true
}

/** Another process runs a backfill. */
export class BackfillBusyError extends Error {
  readonly code = 'ERR_BACKFILL_BUSY'
  override readonly name = 'BackfillBusyError'
  constructor(busy: UnderWay) {
    super(
      `a backfill is under way already, ${describeUnderWay(busy)}: wait for its end, or 30 s where its machine has crashed`,
    )
  }
}

/**
 * Reads all of Clerk, one entity after the other, and writes it through the guarded write: nothing
 * newer is overwritten, nothing deleted comes back. An entity whose list can't be read to its end
 * says so in its result, and the others are read all the same.
 *
 * @throws {BackfillBusyError} when one is under way in any process, unless this one writes nothing.
 * {SecretKeyRefusedError} {DatabaseUnavailableError}: what was written until then stays, and `resume`
 * goes on behind it.
 */
export async function backfill(options: BackfillOptions): Promise<BackfillResult[]> {
  if (options.dryRun) return await backfillAll(options)
  const { db, startedBy = nameStarter('a program') } = options
  const id = randomUUID()
  const busy = await retryWhileUnavailable(options, () => beginBackfill(db, { id, startedBy }))
  if (busy) throw new BackfillBusyError(busy)
  const heartbeat = keepBackfillAlive(db, id)
  let isComplete = false
  try {
    const results = await backfillAll(options)
    isComplete = results.every(({ stopped, problem }) => !stopped && problem === undefined)
    return results
  } finally {
    heartbeat.stop()
    // Where the database can't work it ends by itself: nothing says any more that it is alive.
    await endBackfill(db, { id, isComplete }).catch(() => undefined)
  }
}

async function backfillAll(options: BackfillOptions): Promise<BackfillResult[]> {
  const { db, entities, resume, dryRun, signal, refill = false } = options
  const listed = entities.filter(({ api }) => api).map(({ name }) => name)
  if (!resume && !dryRun)
    await retryWhileUnavailable(options, () => startBackfill(db, listed, refill))
  const results: BackfillResult[] = []
  for (const entity of entities) {
    if (signal.aborted) results.push({ entity, counts: noCounts, stopped: true })
    else results.push(await backfillOne(options, entity))
  }
  return results
}

async function backfillOne(options: BackfillOptions, entity: Entity): Promise<BackfillResult> {
  const { db, api, dryRun, signal } = options
  const entityApi = entity.api
  if (!entityApi) return { entity, counts: noCounts, skipped: "Clerk's API does not list it" }
  const before = options.resume && !dryRun ? await readState(options, entity) : undefined
  let counts = { ...noCounts, ...before?.counts }
  if (before?.isFinished) return { entity, counts, wasFinished: true }
  const refill = before?.refill ?? options.refill ?? false
  const start = { position: (before?.position ?? {}) as Position, seen: totalOf(counts) }
  try {
    for await (const page of readPages(api, { ...entity, api: entityApi }, start)) {
      for (const problem of page.problems) options.onProblem(entity, problem)
      counts = addTo(counts, await writePage({ ...options, refill }, entity, page))
      counts = { ...counts, failed: counts.failed + page.problems.length }
      if (!dryRun) {
        const state = { position: page.position, counts: { ...counts } }
        await retryWhileUnavailable(options, () => saveBackfill(db, entity.name, state))
      }
      options.onProgress({ entity, counts, total: page.total })
      if (page.shortage !== undefined) return { entity, counts, problem: page.shortage }
      if (signal.aborted) return { entity, counts, stopped: true }
    }
  } catch (error) {
    if (signal.aborted && isAbort(error)) return { entity, counts, stopped: true }
    if (!isAboutOnePath(error)) throw error
    const isOff = error instanceof FeatureNotEnabledError && !entityApi.isInEveryInstance
    return { entity, counts, [isOff ? 'skipped' : 'problem']: error.message }
  }
  if (!dryRun) await retryWhileUnavailable(options, () => finishBackfill(db, entity, { ...counts }))
  return { entity, counts }
}

async function readState(options: BackfillOptions, { name }: Entity) {
  const before = await retryWhileUnavailable(options, () => readBackfill(options.db, name))
  const { db, refill = false } = options
  if (!before) await retryWhileUnavailable(options, () => startBackfill(db, [name], refill))
  return before
}

async function writePage(
  options: BackfillOptions,
  entity: Entity,
  { items, readAt }: { items: readonly ClerkObject[]; readAt: number },
): Promise<ChangeResult[]> {
  const read = items.flatMap((item) => changeFromApi(entity, item) ?? [])
  const changes = options.refill
    ? read.map((change) => ({ ...change, readAt: readAt - inFlightMs }))
    : read
  if (changes.length === 0) return []
  const results = await retryWhileUnavailable(options, () => write(options, changes))
  reportUnreadable(changes, options.onUnreadable)
  for (const result of results) {
    if (!result.ok) options.onProblem(entity, errorMessage(result.error))
  }
  return results
}

async function write(
  { db, rules, dryRun }: BackfillOptions,
  changes: readonly Change[],
): Promise<ChangeResult[]> {
  if (!dryRun) return applyChanges(db, changes, rules)
  const verdicts = await previewBatch(db, changes, rules)
  return verdicts.map((verdict) =>
    verdict instanceof Error ? { ok: false, error: verdict } : { ok: true, ...verdict },
  )
}

const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError'

/** The counts with those of these results. */
function addTo(counts: Counts, results: readonly ChangeResult[]): Counts {
  const sum = { ...counts }
  for (const result of results) sum[kindOf(result)] += 1
  return sum
}

export const totalOf = (counts: Counts) =>
  Object.values(counts).reduce((sum: number, count: number) => sum + count, 0)

function kindOf(result: ChangeResult): keyof Counts {
  if (!result.ok) return 'failed'
  if (result.outcome === 'applied') {
    if (result.isNew) return 'created'
    return result.changed?.length ? 'updated' : 'unchanged'
  }
  return result.isSame ? 'unchanged' : 'stale'
}
