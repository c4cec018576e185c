import { columnTypes } from '@clerk-sync/events'
import type { Entity } from '@clerk-sync/events'
import type { Write } from '../decide.ts'
import type { Transaction } from '../transaction.ts'

const versionColumns = ['updated_at', 'event_occurred_at', 'event_id']
const statements = new WeakMap<Entity, string>()

/**
 * The guarded write: a row is written only when its version is greater than the one in the table. At
 * most one write per id. Returns the ids written, and whether each was new.
 */
export async function upsertRows(
  tx: Transaction,
  entity: Entity,
  writes: readonly Write[],
): Promise<Map<string, boolean>> {
  let statement = statements.get(entity)
  if (!statement) statements.set(entity, (statement = guardedWrite(entity)))
  const written = await tx.$queryRawUnsafe<{ id: string; is_new: boolean }[]>(
    statement,
    JSON.stringify(writes.map(toTableRow)),
  )
  return new Map(written.map((row) => [row.id, row.is_new]))
}

function toTableRow({ id, updatedAt, event, value, deletedAt }: Write) {
  return {
    ...value.row,
    id,
    updated_at: new Date(updatedAt).toISOString(),
    event_occurred_at: new Date(event.occurredAt).toISOString(),
    event_id: event.id,
    deleted_at: deletedAt === null ? null : new Date(deletedAt).toISOString(),
  }
}

// Rows are written in the order of their ids, so that two workers never wait for each other. A new
// row has no xmax yet. What is deleted stays deleted.
function guardedWrite(entity: Entity): string {
  const typed = [
    'id text',
    ...entity.columns.map((column) => `${column.name} ${columnTypes[column.type].sql}`),
    'updated_at timestamptz',
    'event_occurred_at timestamptz',
    'event_id text',
    'deleted_at timestamptz',
  ]
  const names = ['id', ...entity.columns.map((column) => column.name), ...versionColumns]
  const assignments = names.slice(1).map((name) => `${name} = EXCLUDED.${name}`)
  const version = (row: string) => `(${versionColumns.map((name) => `${row}.${name}`).join(', ')})`
  return `
    INSERT INTO clerk.${entity.table} AS known (${names.join(', ')}, deleted_at, synced_at)
    SELECT ${names.join(', ')}, deleted_at, now()
    FROM jsonb_to_recordset($1::jsonb) AS input(${typed.join(', ')})
    ORDER BY id COLLATE "C"
    ON CONFLICT (id) DO UPDATE SET ${assignments.join(', ')},
      deleted_at = least(known.deleted_at, EXCLUDED.deleted_at), synced_at = EXCLUDED.synced_at
    WHERE ${version('known')} < ${version('EXCLUDED')}
    RETURNING id, (xmax = 0) AS is_new`
}
