import { entities, isPartOf } from '@clerk-sync/events'
import type { Entity } from '@clerk-sync/events'
import type { Database } from './database.ts'
import type { Deletion } from './decide.ts'
import type { DeletionPolicy } from './deletion-policy.ts'
import { deleteRows, chunkRows } from './statements/delete-rows.ts'
import { lockTables } from './statements/lock.ts'
import { redactLedger } from './statements/redact-ledger.ts'
import { writeTombstones } from './statements/write-tombstones.ts'
import type { Transaction } from './transaction.ts'

type Dead = Pick<Deletion, 'id' | 'deletedAt'>

/** Rows of one entity that go with these owners. */
export interface OwnedRows {
  readonly entity: Entity
  readonly column: string
  readonly owners: readonly Dead[]
}

/**
 * Writes down what is gone: tombstones, the rows as the policy says, and what goes with them, as far
 * as it is not too much for one transaction. Returns all their ids, and what is left to cascadeDelete. The
 * transaction must have the tables alone.
 */
export async function cascadeDelete(
  tx: Transaction,
  deaths: readonly Deletion[],
  policy: DeletionPolicy,
): Promise<{ gone: string[]; left: OwnedRows[] }> {
  const marks = deaths.map(({ entity, id, deletedAt, withOwner }) => ({
    entity: entity.name,
    id,
    deletedAt: withOwner ? null : deletedAt,
  }))
  await writeTombstones(tx, marks)
  const gone = deaths.map(({ id }) => id)
  const left: OwnedRows[] = []
  for (const [entity, owners] of Map.groupBy(deaths, (death) => death.entity)) {
    await deleteRows(tx, { entity, column: 'id' }, owners, policy)
    for (const belonging of entities.filter((one) => isPartOf(one, entity))) {
      const belongings = { entity: belonging, column: `${entity.name}_id`, owners }
      const ids = await deleteOwnedRows(tx, belongings, policy)
      gone.push(...ids)
      if (ids.length === chunkRows) left.push(belongings)
    }
  }
  return { gone, left }
}

/**
 * Buries what was too much for the transaction that wrote the owners' tombstones, which keep late
 * events out meanwhile, in as many further ones as it takes.
 */
export async function cascadeDeleteRest(
  db: Database,
  belongings: OwnedRows,
  policy: DeletionPolicy,
  stopping?: AbortSignal,
): Promise<void> {
  const isStopping = () => stopping?.aborted === true
  let ids: string[]
  do {
    ids = await db.transaction(async (tx) => {
      await lockTables(tx, false)
      const buried = await deleteOwnedRows(tx, belongings, policy)
      if (policy !== 'retain') await redactLedger(tx, buried)
      return buried
    })
  } while (ids.length === chunkRows && !isStopping())
}

async function deleteOwnedRows(
  tx: Transaction,
  { entity, column, owners }: OwnedRows,
  policy: DeletionPolicy,
): Promise<string[]> {
  const ids = await deleteRows(tx, { entity, column }, owners, policy)
  if (ids.length === 0) return ids
  const marks = ids.map((id) => ({ entity: entity.name, id, deletedAt: null }))
  await writeTombstones(tx, marks)
  return ids
}
