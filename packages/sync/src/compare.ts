import { noteDrift, notePage, readUnseen } from './statements/reconcile-items.ts'
import type { Comparison, Drift } from './statements/reconcile-items.ts'
import { readConcerned, updatedAtOf } from '@clerk-sync/events'
import type { ClerkObject, Entity, EntityApi } from '@clerk-sync/events'
import { addFailure } from './entity-drift.ts'
import type { EntityState, Failures, Save } from './entity-drift.ts'
import { readOnes, rowOf } from './confirm.ts'
import type { RowIds } from './confirm.ts'
import { readPages } from './pages.ts'
import { retryWhileUnavailable } from './retry-while-unavailable.ts'
import type { ReconcileOptions } from './reconcile-options.ts'

// A second look at Clerk is worth it for so many rows at once.
const rowsAtOnce = 100

/**
 * Reads Clerk's list from where `state` is, and notes how the table differs from it: how many entries
 * Clerk has, and how it is known that the list did not give all of them, is in the state then.
 */
export async function compareList(
  options: ReconcileOptions,
  comparison: Comparison,
  { entityApi, state, save }: { entityApi: EntityApi; state: EntityState; save: Save },
): Promise<void> {
  const { db, api, signal, onProgress } = options
  const { entity } = comparison
  const { failures } = state
  const start = { position: state.position, seen: state.read }
  for await (const page of readPages(api, { ...entity, api: entityApi }, start)) {
    signal.throwIfAborted()
    if (page.shortage !== undefined) state.shortage = page.shortage
    for (const problem of page.problems) addFailure(failures, 'unread', problem)
    const listed = page.items.flatMap((item) => {
      const [id, updatedAt] = [String(item['id']), updatedAtOf(item)]
      if (updatedAt !== undefined) return [{ id, updatedAt }]
      addFailure(failures, 'unread', `${id}: updated_at is not a time in milliseconds`)
      return []
    })
    const drift = await retryWhileUnavailable(options, () => notePage(db, comparison, listed))
    await dropDeleted(options, comparison, page.items, drift)
    state.seen += listed.length
    state.read += page.items.length + page.problems.length
    state.position = page.position
    await save()
    onProgress({ entity, seen: state.seen, total: page.total })
  }
}

// The page may be older than the deletion: only a second read, after the tombstone was seen, proves
// that Clerk still has the entity. An entity that was deleted with an owner whom Clerk no longer names,
// such as an invitation with the user who accepted it, stays in Clerk for ever, and deleted here.
async function dropDeleted(
  { db, api, ...retryOptions }: ReconcileOptions,
  comparison: Comparison,
  items: readonly ClerkObject[],
  drift: ReadonlyMap<string, Drift>,
): Promise<void> {
  const { entity } = comparison
  const resurrected = items.filter((item) => isResurrected(drift, item))
  if (resurrected.length === 0) return
  const asked = resurrected.filter((item) => namesOwners(entity, item))
  const rows = asked.map((item) => rowOf(entity, item))
  const there = await readOnes(api, entity, rows)
  const dropped = resurrected.map(({ id }) => String(id)).filter((id) => !there.get(id))
  if (dropped.length > 0)
    await retryWhileUnavailable(retryOptions, () => noteDrift(db, comparison, dropped, null))
}

function namesOwners(entity: Entity, item: ClerkObject): boolean {
  const concerned = readConcerned(entity.concerns, item)
  return entity.partOf.every((owner) => concerned[owner] !== undefined)
}

/** Whether Clerk has an object whose id is deleted here. */
export const isResurrected = (drift: ReadonlyMap<string, Drift>, item: ClerkObject) =>
  drift.get(String(item['id'])) === 'resurrected'

/**
 * The rows that are not deleted here and that Clerk no longer has: they were not in its list, and a
 * second read of each id finds nothing. Stops once there are more than `limit`.
 */
export async function findExtras(
  options: ReconcileOptions,
  comparison: Comparison,
  failures: Failures,
  limit = Infinity,
): Promise<RowIds[]> {
  const { db, api, signal } = options
  const extras: RowIds[] = []
  let after: string | undefined = ''
  while (after !== undefined && extras.length <= limit) {
    const from: string = after
    const { rows, last } = await retryWhileUnavailable(options, () =>
      readUnseen(db, comparison, from),
    )
    after = last
    for (let start = 0; start < rows.length && extras.length <= limit; start += rowsAtOnce) {
      const some = rows.slice(start, start + rowsAtOnce)
      const there = await readOnes(api, comparison.entity, some)
      signal.throwIfAborted()
      for (const { id } of some.filter((row) => !there.has(row.id))) {
        addFailure(
          failures,
          'unread',
          `${id}: not in Clerk's list, and Clerk can't be asked for it`,
        )
      }
      const deleted = some.filter(({ id }) => there.get(id) === null)
      if (deleted.length === 0) continue
      const ids = deleted.map(({ id }) => id)
      await retryWhileUnavailable(options, () => noteDrift(db, comparison, ids, 'extra'))
      extras.push(...deleted)
    }
  }
  return extras
}
