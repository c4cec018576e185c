import { changeFromApi, deletionFromApi } from '@clerk-sync/events'
import { applyChanges } from '@clerk-sync/db'
import { removeTombstones } from './statements/remove-tombstones.ts'
import { noteDrift, settleDrift } from './statements/reconcile-items.ts'
import type { Change } from '@clerk-sync/db'
import type { Comparison, Drift } from './statements/reconcile-items.ts'
import type { ClerkObject, Entity } from '@clerk-sync/events'
import { isMarked } from './compare.ts'
import { readOnes } from './confirm.ts'
import type { RowIds } from './confirm.ts'
import { readPages } from './pages.ts'
import { retryWhileUnavailable } from './retry-while-unavailable.ts'
import type { ReconcileOptions } from './reconcile-options.ts'
import { rowOf } from './row-of.ts'

const rowsAtOnce = 500

// Users are read again a hundred at a time, their list five hundred at a time.
const usersWorthAsking = 1 / 5

/** Writes what is missing, stale or marked as deleted although Clerk has it. Returns how many. */
export async function repairRows(
  options: ReconcileOptions,
  comparison: Comparison,
  { list, seen }: { list: string; seen: number },
): Promise<number> {
  const { api, signal } = options
  const few = list === '/users' ? seen * usersWorthAsking : 0
  const { ids, count } = await readDrifting(options, comparison, few)
  if (count === 0) return 0
  let repaired = 0
  if (count <= few) {
    for (let start = 0; start < count; start += rowsAtOnce) {
      const rows = ids.slice(start, start + rowsAtOnce).map((id) => ({ id }))
      const there = await readOnes(api, comparison.entity, rows)
      signal.throwIfAborted()
      const items = [...there.values()].filter((item) => item !== null)
      repaired += await repairItems(options, comparison, items)
    }
    return repaired
  }
  for await (const { items } of readPages(api, list)) {
    signal.throwIfAborted()
    repaired += await repairItems(options, comparison, items)
  }
  return repaired
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
  items: readonly ClerkObject[],
): Promise<number> {
  const { db, rules } = options
  const { entity } = comparison
  const ids = items.map((item) => String(item['id']))
  const { left } = await retryWhileUnavailable(options, () => settleDrift(db, comparison, { ids }))
  const drift = new Map<string, Drift>(left.map((one) => [one.id, one.drift]))
  const drifting = items.filter((item) => drift.has(String(item['id'])))
  const marked = drifting.filter((item) => isMarked(drift, item))
  const changes: Change[] = [
    ...drifting
      .filter((item) => !isMarked(drift, item))
      .flatMap((item) => changeFromApi(entity, item) ?? []),
    ...(await revive(options, comparison, marked)),
  ]
  if (changes.length === 0) return 0
  return countApplied(await retryWhileUnavailable(options, () => applyChanges(db, changes, rules)))
}

// Read again once the mark is gone: what was deleted or changed until then came while there was one,
// and was dropped; what comes from then on is heeded.
async function revive(
  { db, api, ...patience }: ReconcileOptions,
  comparison: Comparison,
  marked: readonly ClerkObject[],
): Promise<Change[]> {
  if (marked.length === 0) return []
  const { entity } = comparison
  const asked = marked.map((item) => rowOf(entity, item))
  // What is gone meanwhile keeps its mark, and the row that may have stayed with it.
  const alive = await readOnes(api, entity, asked)
  const rows = asked.filter(({ id }) => alive.get(id))
  const ids = rows.map(({ id }) => id)
  await retryWhileUnavailable(patience, () => removeTombstones(db, entity, ids))
  const there = await readOnes(api, entity, rows)
  const gone = ids.filter((id) => there.get(id) === null)
  if (gone.length > 0)
    await retryWhileUnavailable(patience, () => noteDrift(db, comparison, gone, null))
  return [...there].flatMap(([id, item]) =>
    item ? (changeFromApi(entity, item) ?? []) : deletionFromApi(entity, id),
  )
}

/** Deletes rows that Clerk no longer has. Returns how many. */
export async function repairDeletes(
  options: ReconcileOptions,
  entity: Entity,
  extras: readonly RowIds[],
): Promise<number> {
  let deleted = 0
  for (let start = 0; start < extras.length; start += rowsAtOnce) {
    options.signal.throwIfAborted()
    const changes = extras
      .slice(start, start + rowsAtOnce)
      .map(({ id }) => deletionFromApi(entity, id))
    const write = () => applyChanges(options.db, changes, options.rules)
    deleted += countApplied(await retryWhileUnavailable(options, write))
  }
  return deleted
}

function countApplied(results: Awaited<ReturnType<typeof applyChanges>>): number {
  const done = results.filter(
    (result) => result.ok && (result.outcome === 'applied' || result.outcome === 'deleted'),
  )
  return done.length
}
