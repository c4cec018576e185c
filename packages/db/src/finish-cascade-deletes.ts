import { entities } from '@clerk-sync/events'
import type { Entity, Owner } from '@clerk-sync/events'
import { cascadeDeleteRest } from './cascade-delete.ts'
import type { Database } from './database.ts'
import type { DeletionPolicy } from './deletion-policy.ts'

// Whoever died in the middle of a burial did so lately: this is looked for every hour.
const lookBackDays = 7
const mostOwners = 1_000

/** Buries living rows whose owner is gone: what a worker that died has left of a large deletion. */
export async function finishCascadeDeletes(
  db: Database,
  policy: DeletionPolicy,
  stopping: AbortSignal,
): Promise<void> {
  for (const entity of entities) {
    for (const owner of entity.partOf) {
      if (stopping.aborted) return
      const owners = await findDeadOwners(db, entity, owner)
      if (owners.length === 0) continue
      await cascadeDeleteRest(db, { entity, column: `${owner}_id`, owners }, policy, stopping)
    }
  }
}

async function findDeadOwners(db: Database, { table }: Entity, owner: Owner) {
  const rows = await db.transaction((tx) =>
    tx.$queryRawUnsafe<{ id: string; deleted_at: Date }[]>(
      `SELECT mark.id, mark.deleted_at FROM clerk.tombstones AS mark
       WHERE mark.entity = $1 AND mark.deleted_at IS NOT NULL
         AND mark.recorded_at > now() - make_interval(days => $2::int)
         AND EXISTS (
           SELECT FROM clerk.${table} AS known
           WHERE known.${owner}_id = mark.id AND known.deleted_at IS NULL
         )
       LIMIT $3::int`,
      owner,
      lookBackDays,
      mostOwners,
    ),
  )
  return rows.map(({ id, deleted_at }) => ({ id, deletedAt: deleted_at.getTime() }))
}
