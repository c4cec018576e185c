import type { Entity } from '@clerk-sync/events'
import type { Database } from '@clerk-sync/db'
import { lockTables } from '@clerk-sync/db'

/** Takes the mark of a deletion from ids that Clerk has, so that they can be written again. */
export async function removeTombstones(
  db: Database,
  entity: Entity,
  ids: readonly string[],
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockTables(tx, true)
    await tx.$executeRawUnsafe(
      'DELETE FROM clerk.tombstones WHERE entity = $1 AND id = ANY($2::text[])',
      entity.name,
      ids,
    )
    const gone = await tx.$queryRawUnsafe<{ id: string }[]>(
      `DELETE FROM clerk.${entity.table}
       WHERE id = ANY($1::text[]) AND deleted_at IS NOT NULL RETURNING id`,
      ids,
    )
    for (const { table, parentColumn } of entity.children) {
      await tx.$executeRawUnsafe(
        `DELETE FROM clerk.${table} WHERE ${parentColumn} = ANY($1::text[])`,
        gone.map(({ id }) => id),
      )
    }
  })
}
