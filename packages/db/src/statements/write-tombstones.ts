import type { Transaction } from '../transaction.ts'

/** One id that is gone: when, in milliseconds, or null for what went with its owner. */
export interface Tombstone {
  readonly entity: string
  readonly id: string
  readonly deletedAt: number | null
}

// Of two deletes of one id the earlier time stays, so that their order of arrival doesn't matter.
// least() passes over nulls: a deletion of its own says more than that the owner is gone.
const statement = `
  INSERT INTO clerk.tombstones AS known (entity, id, deleted_at)
  SELECT entity, id, deleted_at
  FROM jsonb_to_recordset($1::jsonb) AS input(entity text, id text, deleted_at timestamptz)
  ORDER BY entity COLLATE "C", id COLLATE "C"
  ON CONFLICT (entity, id) DO UPDATE SET deleted_at = least(known.deleted_at, EXCLUDED.deleted_at)
  WHERE known.deleted_at IS DISTINCT FROM least(known.deleted_at, EXCLUDED.deleted_at)`

/** ExistingState these ids as gone for good. At most one per id. */
export async function writeTombstones(
  tx: Transaction,
  tombstones: readonly Tombstone[],
): Promise<void> {
  const rows = tombstones.map(({ entity, id, deletedAt }) => ({
    entity,
    id,
    deleted_at: deletedAt === null ? null : new Date(deletedAt).toISOString(),
  }))
  await tx.$executeRawUnsafe(statement, JSON.stringify(rows))
}
