import type { Entity } from '@clerk-sync/entities'
import type { Change, Outcome, Upsert } from './change.ts'
import type { Database } from './database.ts'
import { decide, entityKey } from './decide.ts'
import { deleteRows } from './statements/delete-rows.ts'
import { lockTables } from './statements/lock.ts'
import { readMarks } from './statements/read-marks.ts'
import { readVersions } from './statements/read-versions.ts'
import { replaceChildren } from './statements/replace-children.ts'
import { upsertRows } from './statements/upsert-rows.ts'
import { writeLedger } from './statements/write-ledger.ts'
import { writeTombstones } from './statements/write-tombstones.ts'
import type { Transaction } from './transaction.ts'

/**
 * Applies a batch in one transaction of a few statements, whatever its size: entity rows,
 * tombstones and ledger commit together or not at all. Returns one outcome per change, in order,
 * as if the changes had been applied one after the other.
 *
 * @throws what the database answered; then nothing of the batch was written.
 */
export async function applyBatch(db: Database, changes: readonly Change[]): Promise<Outcome[]> {
  return db.transaction((tx) => applyIn(tx, changes))
}

async function applyIn(tx: Transaction, changes: readonly Change[]): Promise<Outcome[]> {
  await lockTables(
    tx,
    changes.some((change) => change.kind === 'delete'),
  )
  const touched = byEntity(changes.filter((change) => change.kind === 'upsert'))
  const known = { ...(await readMarks(tx, changes)), versions: await readVersions(tx, touched) }
  const { outcomes, upserts, deletes } = decide(changes, known)

  if (deletes.length > 0) await writeTombstones(tx, deletes)
  for (const [entity, gone] of byEntity(deletes)) {
    await deleteRows(
      tx,
      entity,
      gone.map((change) => change.id),
    )
  }
  const overtaken = await writeUpserts(tx, upserts)
  return writeOutcomes(tx, changes, outcomes, overtaken)
}

/** Returns the keys of the rows that another worker had made newer since the versions were read. */
async function writeUpserts(tx: Transaction, upserts: readonly Upsert[]): Promise<Set<string>> {
  const overtaken = new Set<string>()
  for (const [entity, changes] of byEntity(upserts)) {
    const written = await upsertRows(tx, entity, changes)
    for (const change of changes) {
      if (!written.has(change.id)) overtaken.add(entityKey(entity, change.id))
    }
    const parents = changes.filter((change) => written.has(change.id))
    if (parents.length === 0) continue
    for (const child of entity.children) await replaceChildren(tx, child, parents)
  }
  return overtaken
}

async function writeOutcomes(
  tx: Transaction,
  changes: readonly Change[],
  decided: readonly Outcome[],
  overtaken: ReadonlySet<string>,
): Promise<Outcome[]> {
  const entries = changes.map((change, index) => {
    const outcome = decided[index] ?? 'duplicate'
    const isOvertaken =
      outcome === 'applied' &&
      change.kind === 'upsert' &&
      overtaken.has(entityKey(change.entity, change.id))
    return { event: change.event, outcome: isOvertaken ? ('stale' as const) : outcome }
  })
  const added = await writeLedger(
    tx,
    entries.filter((entry) => entry.outcome !== 'duplicate'),
  )
  return entries.map(({ event, outcome }) => (added.has(event.id) ? outcome : 'duplicate'))
}

// Tables in one order for every batch, so that two workers never wait for each other.
function byEntity<C extends { entity: Entity }>(changes: readonly C[]): Map<Entity, C[]> {
  const groups = [...Map.groupBy(changes, (change) => change.entity)]
  return new Map(groups.toSorted(([a], [b]) => (a.table < b.table ? -1 : 1)))
}
