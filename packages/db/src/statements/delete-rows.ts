import type { Entity } from '@clerk-sync/entities'
import type { Transaction } from '../transaction.ts'

/** Deletes these rows of an entity and their child rows. */
export async function deleteRows(
  tx: Transaction,
  entity: Entity,
  ids: readonly string[],
): Promise<void> {
  for (const { table, parentColumn } of entity.children) {
    await tx.$executeRawUnsafe(
      `DELETE FROM clerk.${table} WHERE ${parentColumn} = ANY($1::text[])`,
      ids,
    )
  }
  await tx.$executeRawUnsafe(`DELETE FROM clerk.${entity.table} WHERE id = ANY($1::text[])`, ids)
}
