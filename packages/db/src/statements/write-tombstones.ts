import type { Delete } from '../change.ts'
import type { Transaction } from '../transaction.ts'

// Of two deletes of one id the earlier time stays, so that their order of arrival doesn't matter.
const statement = `
  INSERT INTO clerk.tombstones AS known (entity, id, deleted_at)
  SELECT entity, id, deleted_at
  FROM jsonb_to_recordset($1::jsonb) AS input(entity text, id text, deleted_at timestamptz)
  ORDER BY entity COLLATE "C", id COLLATE "C"
  ON CONFLICT (entity, id) DO UPDATE SET deleted_at = EXCLUDED.deleted_at
  WHERE known.deleted_at > EXCLUDED.deleted_at`

/** Marks these ids as gone for good. At most one delete per id. */
export async function writeTombstones(tx: Transaction, deletes: readonly Delete[]): Promise<void> {
  const rows = deletes.map(({ entity, id, event }) => ({
    entity: entity.name,
    id,
    deleted_at: new Date(event.occurredAt).toISOString(),
  }))
  await tx.$executeRawUnsafe(statement, JSON.stringify(rows))
}
