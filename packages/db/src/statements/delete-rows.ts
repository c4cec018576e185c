import type { Column, Entity } from '@clerk-sync/events'
import type { DeletionPolicy } from '../deletion-policy.ts'
import type { Transaction } from '../transaction.ts'

/**
 * One transaction must end long before others give up waiting for it, and a deleted organization may
 * have a million members: 10,000 take some 0.3 s.
 */
export const chunkRows = 10_000

/**
 * Does with the rows of what is gone as the policy says, and with their child rows; `chunkRows` of
 * them at the most. `column` holds the ids: `id` for the entities themselves, `user_id` for what goes
 * with a user. Returns the ids of the rows. Times are milliseconds.
 */
export async function deleteRows(
  tx: Transaction,
  { entity, column }: { entity: Entity; column: string },
  dead: readonly { id: string; deletedAt: number }[],
  policy: DeletionPolicy,
): Promise<string[]> {
  const statement = policy === 'erase' ? erasing(entity, column) : keeping(entity, column, policy)
  const rows = dead.map(({ id, deletedAt }) => ({
    id,
    deleted_at: new Date(deletedAt).toISOString(),
  }))
  const buried = await tx.$queryRawUnsafe<{ id: string }[]>(statement, JSON.stringify(rows))
  const ids = buried.map((row) => row.id)
  await deleteChildRows(tx, entity, ids, policy)
  return ids
}

const chunk = ({ table }: Entity, column: string, where = '') => `
  WITH dead AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS input(id text, deleted_at timestamptz)
  ), chunk AS (
    SELECT known.id, dead.deleted_at
    FROM clerk.${table} AS known JOIN dead ON known.${column} = dead.id
    ${where} LIMIT ${chunkRows}
  )`

function erasing(entity: Entity, column: string): string {
  return `${chunk(entity, column)}
    DELETE FROM clerk.${entity.table} AS known USING chunk
    WHERE known.id = chunk.id RETURNING known.id`
}

// A row that is marked with this time already, and has nothing to empty, is done.
function keeping(entity: Entity, column: string, policy: DeletionPolicy): string {
  const emptied = policy === 'anonymize' ? emptyPersonal(entity.columns) : []
  const isFull = personalIn(entity.columns).map((name) => ` OR known.${name} IS NOT NULL`)
  const where = `WHERE (
      known.deleted_at IS DISTINCT FROM least(known.deleted_at, dead.deleted_at)
      ${emptied.length > 0 ? isFull.join('') : ''}
    )`
  const assignments = [
    'deleted_at = least(known.deleted_at, chunk.deleted_at)',
    'synced_at = now()',
    ...emptied,
  ]
  return `${chunk(entity, column, where)}
    UPDATE clerk.${entity.table} AS known SET ${assignments.join(', ')}
    FROM chunk WHERE known.id = chunk.id RETURNING known.id`
}

async function deleteChildRows(
  tx: Transaction,
  { children }: Entity,
  parents: readonly string[],
  policy: DeletionPolicy,
): Promise<void> {
  if (policy === 'retain' || parents.length === 0) return
  for (const { table, parentColumn, columns } of children) {
    const emptied = emptyPersonal(columns)
    if (policy === 'anonymize' && emptied.length === 0) continue
    const what =
      policy === 'erase'
        ? `DELETE FROM clerk.${table}`
        : `UPDATE clerk.${table} SET ${emptied.join(', ')}`
    await tx.$executeRawUnsafe(`${what} WHERE ${parentColumn} = ANY($1::text[])`, parents)
  }
}

const personalIn = (columns: readonly Column[]) =>
  columns.filter(({ personal }) => personal).map(({ name }) => name)

const emptyPersonal = (columns: readonly Column[]) =>
  personalIn(columns).map((name) => `${name} = NULL`)
