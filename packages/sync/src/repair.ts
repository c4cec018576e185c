import { changeFromApi, deletionFromApi } from '@clerk-sync/events'
import { errorMessage } from '@clerk-sync/ops'
import { applyChanges } from '@clerk-sync/db'
import { noteDrift, removeTombstones, settleDrift } from './statements/reconcile-items.ts'
import type { Comparison, Drift } from './statements/reconcile-items.ts'
import type { Change, ClerkObject, Entity, EntityApi } from '@clerk-sync/events'
import { isResurrected } from './compare.ts'
import { addFailure } from './entity-drift.ts'
import type { EntityState, Failures, Save } from './entity-drift.ts'
import { readOnes, rowOf } from './confirm.ts'
import type { RowIds } from './confirm.ts'
import { readPages, reportUnreadable } from './pages.ts'
import { retryWhileUnavailable } from './retry-while-unavailable.ts'
import type { ReconcileOptions } from './reconcile-options.ts'

const rowsAtOnce = 500

// Asked by ids, a list gives a fifth of what a page holds (users: 100 and 500).
const worthAskingById = 1 / 5

/** Writes rows that are missing, stale or wrongly deleted. */
export async function repairRows(
  options: ReconcileOptions,
  comparison: Comparison,
  { entityApi, state, save }: { entityApi: EntityApi; state: EntityState; save: Save },
): Promise<void> {
  const { api, signal } = options
  const { failures } = state
  const few = entityApi.byIds ? state.seen * worthAskingById : 0
  const { ids, count } = await readDrifting(options, comparison, few)
  if (count === 0) return
  if (count <= few) {
    for (let start = 0; start < count; start += rowsAtOnce) {
      const rows = ids.slice(start, start + rowsAtOnce).map((id) => ({ id }))
      const there = await readOnes(api, comparison.entity, rows)
      signal.throwIfAborted()
      const items = [...there.values()].filter((item) => item !== null)
      state.repaired += await repairItems(options, comparison, { items, failures })
      await save()
    }
    return
  }
  const start = { position: state.position, seen: state.read }
  for await (const page of readPages(api, { ...comparison.entity, api: entityApi }, start)) {
    signal.throwIfAborted()
    const { items, problems, position } = page
    state.repaired += await repairItems(options, comparison, { items, failures })
    state.read += items.length + problems.length
    state.position = position
    await save()
  }
}

/** How many rows are to be written, and their ids where they are few. */
async function readDrifting(
  options: ReconcileOptions,
  comparison: Comparison,
  few: number,
): Promise<{ ids: string[]; count: number }> {
  const ids: string[] = []
  let count = 0
  let after: string | undefined = ''
  while (after !== undefined) {
    const from: string = after
    const { left, last } = await retryWhileUnavailable(options, () =>
      settleDrift(options.db, comparison, { after: from }),
    )
    const drifting = left.filter(({ drift }) => drift !== 'extra')
    count += drifting.length
    if (count <= few) ids.push(...drifting.map(({ id }) => id))
    after = last
  }
  return { ids, count }
}

async function repairItems(
  options: ReconcileOptions,
  comparison: Comparison,
  { items, failures }: { items: readonly ClerkObject[]; failures: Failures },
): Promise<number> {
  const { db, rules } = options
  const { entity } = comparison
  const ids = items.map((item) => String(item['id']))
  const { left } = await retryWhileUnavailable(options, () => settleDrift(db, comparison, { ids }))
  const drift = new Map<string, Drift>(left.map((one) => [one.id, one.drift]))
  const drifting = items.filter((item) => drift.has(String(item['id'])))
  const resurrected = drifting.filter((item) => isResurrected(drift, item))
  const changes: Change[] = [
    ...drifting
      .filter((item) => !isResurrected(drift, item))
      .flatMap((item) => changeFromApi(entity, item) ?? []),
    ...(await revive(options, comparison, resurrected)),
  ]
  if (changes.length === 0) return 0
  const write = () => applyChanges(db, changes, rules)
  const results = await retryWhileUnavailable(options, write)
  reportUnreadable(changes, options.onUnreadable)
  return countApplied(changes, results, failures)
}

// Read from Clerk again once the tombstone is removed: until then events of the entity were dropped;
// from then on they are applied.
async function revive(
  { db, api, ...retryOptions }: ReconcileOptions,
  comparison: Comparison,
  resurrected: readonly ClerkObject[],
): Promise<Change[]> {
  if (resurrected.length === 0) return []
  const { entity } = comparison
  const asked = resurrected.map((item) => rowOf(entity, item))
  // What Clerk has deleted meanwhile keeps its tombstone, and the row that may have stayed with it.
  const alive = await readOnes(api, entity, asked)
  const rows = asked.filter(({ id }) => alive.get(id))
  const ids = rows.map(({ id }) => id)
  await retryWhileUnavailable(retryOptions, () => removeTombstones(db, entity, ids))
  const there = await readOnes(api, entity, rows)
  const deleted = ids.filter((id) => there.get(id) === null)
  if (deleted.length > 0)
    await retryWhileUnavailable(retryOptions, () => noteDrift(db, comparison, deleted, null))
  return [...there].flatMap(([id, item]) =>
    item ? (changeFromApi(entity, item) ?? []) : deletionFromApi(entity, id),
  )
}

/** Deletes rows that Clerk no longer has. Returns how many. */
export async function repairDeletes(
  options: ReconcileOptions,
  { entity, failures }: { entity: Entity; failures: Failures },
  extras: readonly RowIds[],
): Promise<number> {
  let deleted = 0
  for (let start = 0; start < extras.length; start += rowsAtOnce) {
    options.signal.throwIfAborted()
    const changes = extras
      .slice(start, start + rowsAtOnce)
      .map(({ id }) => deletionFromApi(entity, id))
    const write = () => applyChanges(options.db, changes, options.rules)
    deleted += countApplied(changes, await retryWhileUnavailable(options, write), failures)
  }
  return deleted
}

function countApplied(
  changes: readonly Change[],
  results: Awaited<ReturnType<typeof applyChanges>>,
  failures: Failures,
): number {
  let applied = 0
  for (const [index, result] of results.entries()) {
    if (result.ok) {
      if (result.outcome === 'applied' || result.outcome === 'deleted') applied += 1
    } else {
      addFailure(failures, 'refused', refusalOf(changes[index], result.error))
    }
  }
  return applied
}

// What can't be read names its id itself.
function refusalOf(change: Change | undefined, error: unknown): string {
  const id = change === undefined || change.kind === 'none' ? '' : change.id
  const reason = errorMessage(error)
  return reason.startsWith(id) ? reason : `${id}: ${reason}`
}
