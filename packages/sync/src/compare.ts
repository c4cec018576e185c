import { noteDrift, notePage } from './statements/reconcile-items.ts'
import type { Comparison, Drift } from './statements/reconcile-items.ts'
import { readConcerned, updatedAtOf } from '@clerk-sync/events'
import type { ClerkObject, Entity } from '@clerk-sync/events'
import { readOnes } from './confirm.ts'
import { readPages } from './pages.ts'
import { retryWhileUnavailable } from './retry-while-unavailable.ts'
import type { ReconcileOptions } from './reconcile-options.ts'
import { rowOf } from './row-of.ts'

/** Walks through Clerk's list and notes in what the table differs. Returns how many Clerk has. */
export async function compareList(
  options: ReconcileOptions,
  comparison: Comparison,
  list: string,
): Promise<number> {
  const { db, api, signal, onProgress } = options
  const { entity } = comparison
  let seen = 0
  for await (const { items, total } of readPages(api, list)) {
    signal.throwIfAborted()
    const listed = items.flatMap((item) => {
      const [id, updatedAt] = [item['id'], updatedAtOf(item)]
      return typeof id === 'string' && updatedAt !== undefined ? [{ id, updatedAt }] : []
    })
    const drift = await retryWhileUnavailable(options, () => notePage(db, comparison, listed))
    await dropGone(options, comparison, items, drift)
    seen += listed.length
    onProgress({ entity, seen, total })
  }
  return seen
}

// The page may be older than the deletion: only a second read, after the mark was seen, says that
// Clerk has it in spite of that. What went with an owner whom Clerk no longer names, as an invitation
// with the user who accepted it, is there for ever, and gone here by intent.
async function dropGone(
  { db, api, ...patience }: ReconcileOptions,
  comparison: Comparison,
  items: readonly ClerkObject[],
  drift: ReadonlyMap<string, Drift>,
): Promise<void> {
  const { entity } = comparison
  const marked = items.filter((item) => isMarked(drift, item))
  if (marked.length === 0) return
  const asked = marked.filter((item) => namesOwners(entity, item))
  const rows = asked.map((item) => rowOf(entity, item))
  const there = await readOnes(api, entity, rows)
  const dropped = marked.map(({ id }) => String(id)).filter((id) => !there.get(id))
  if (dropped.length > 0)
    await retryWhileUnavailable(patience, () => noteDrift(db, comparison, dropped, null))
}

function namesOwners(entity: Entity, item: ClerkObject): boolean {
  const concerned = readConcerned(entity.concerns, item)
  return entity.partOf.every((owner) => concerned[owner] !== undefined)
}

/** Whether Clerk has it although it is marked as deleted here. */
export const isMarked = (drift: ReadonlyMap<string, Drift>, item: ClerkObject) =>
  drift.get(String(item['id'])) === 'resurrected'
