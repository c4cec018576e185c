import { columnTypes } from '@clerk-sync/entities'
import type { Entity } from '@clerk-sync/entities'
import type { Upsert } from '../change.ts'
import type { Transaction } from '../transaction.ts'

const versionColumns = ['updated_at', 'event_occurred_at', 'event_id']
const statements = new WeakMap<Entity, string>()

/**
 * The guarded write: a row is written only when its version is greater than the one in the table,
 * also when another worker wrote it a moment ago. At most one change per id. Returns the ids written.
 */
export async function upsertRows(
  tx: Transaction,
  entity: Entity,
  upserts: readonly Upsert[],
): Promise<Set<string>> {
  let statement = statements.get(entity)
  if (!statement) statements.set(entity, (statement = guardedWrite(entity)))
  const rows = JSON.stringify(upserts.map(toTableRow))
  const written = await tx.$queryRawUnsafe<{ id: string }[]>(statement, rows)
  return new Set(written.map((row) => row.id))
}

function toTableRow({ id, updatedAt, event, value }: Upsert) {
  return {
    ...value.row,
    id,
    updated_at: new Date(updatedAt).toISOString(),
    event_occurred_at: new Date(event.occurredAt).toISOString(),
    event_id: event.id,
  }
}

// Rows are locked in the order of their ids, so that two workers never wait for each other.
function guardedWrite(entity: Entity): string {
  const typed = [
    'id text',
    ...entity.columns.map((column) => `${column.name} ${columnTypes[column.type].sql}`),
    'updated_at timestamptz',
    'event_occurred_at timestamptz',
    'event_id text',
  ]
  const names = ['id', ...entity.columns.map((column) => column.name), ...versionColumns]
  const assignments = names.slice(1).map((name) => `${name} = EXCLUDED.${name}`)
  const version = (row: string) => `(${versionColumns.map((name) => `${row}.${name}`).join(', ')})`
  return `
    INSERT INTO clerk.${entity.table} AS known (${names.join(', ')}, synced_at)
    SELECT ${names.join(', ')}, now()
    FROM jsonb_to_recordset($1::jsonb) AS input(${typed.join(', ')})
    ORDER BY id COLLATE "C"
    ON CONFLICT (id) DO UPDATE SET ${assignments.join(', ')}, synced_at = EXCLUDED.synced_at
    WHERE ${version('known')} < ${version('EXCLUDED')}
    RETURNING id`
}
