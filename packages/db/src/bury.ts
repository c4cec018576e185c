import { entities } from '@clerk-sync/entities'
import type { Entity } from '@clerk-sync/entities'
import type { Death } from './decide.ts'
import type { DeletionPolicy } from './deletion-policy.ts'
import { buryRows } from './statements/bury-rows.ts'
import { writeTombstones } from './statements/write-tombstones.ts'
import type { Transaction } from './transaction.ts'

/**
 * Writes down what is gone: tombstones, the rows as the policy says, and everything that goes with
 * them. Returns all their ids. The transaction must have the tables alone.
 */
export async function bury(
  tx: Transaction,
  deaths: readonly Death[],
  policy: DeletionPolicy,
): Promise<string[]> {
  const marks = deaths.map(({ entity, id, deletedAt, withOwner }) => ({
    entity: entity.name,
    id,
    deletedAt: withOwner ? null : deletedAt,
  }))
  await writeTombstones(tx, marks)
  const gone = deaths.map(({ id }) => id)
  for (const [entity, dead] of Map.groupBy(deaths, (death) => death.entity)) {
    // The loop runs through the chunks, whose rows have their tombstones already.
    for await (const _ of buryRows(tx, { entity, column: 'id' }, dead, policy)) continue
    for (const belonging of entities.filter((one) => isPartOf(one, entity))) {
      const owners = { column: `${entity.name}_id`, dead }
      for (const id of await buryBelongings(tx, belonging, owners, policy)) gone.push(id)
    }
  }
  return gone
}

const isPartOf = (entity: Entity, owner: Entity) =>
  entity.partOf.some((name) => name === owner.name)

async function buryBelongings(
  tx: Transaction,
  entity: Entity,
  { column, dead }: { column: string; dead: readonly Death[] },
  policy: DeletionPolicy,
): Promise<string[]> {
  const gone: string[] = []
  for await (const ids of buryRows(tx, { entity, column }, dead, policy)) {
    if (ids.length === 0) continue
    const marks = ids.map((id) => ({ entity: entity.name, id, deletedAt: null }))
    await writeTombstones(tx, marks)
    for (const id of ids) gone.push(id)
  }
  return gone
}
