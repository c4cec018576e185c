import { columnTypes } from '@clerk-sync/events'
import type { ChildTable } from '@clerk-sync/events'
import type { Write } from '../decide.ts'
import type { Transaction } from '../transaction.ts'

const statements = new WeakMap<ChildTable, string>()

/** Makes the child rows of these parents, just written, exactly those of their changes. */
export async function replaceChildren(
  tx: Transaction,
  child: ChildTable,
  parents: readonly Write[],
): Promise<void> {
  let statement = statements.get(child)
  if (!statement) statements.set(child, (statement = replacement(child)))
  const rows = parents.flatMap(({ id, value }) =>
    (value.children[child.table] ?? []).map((row) => ({ ...row, [child.parentColumn]: id })),
  )
  await tx.$executeRawUnsafe(
    statement,
    JSON.stringify(rows),
    parents.map((parent) => parent.id),
  )
}

function replacement({ table, parentColumn, columns }: ChildTable): string {
  const key = [parentColumn, 'id']
  const names = columns.map((column) => column.name)
  const typed = [
    ...key.map((name) => `${name} text`),
    ...columns.map((column) => `${column.name} ${columnTypes[column.type].sql}`),
  ]
  const row = (source: string) => `(${names.map((name) => `${source}.${name}`).join(', ')})`
  return `
    WITH input AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS rows(${typed.join(', ')})),
    gone AS (
      DELETE FROM clerk.${table} AS known
      WHERE known.${parentColumn} = ANY($2::text[])
        AND NOT EXISTS (
          SELECT FROM input
          WHERE input.${parentColumn} = known.${parentColumn} AND input.id = known.id
        )
    )
    INSERT INTO clerk.${table} AS known (${[...key, ...names].join(', ')})
    SELECT ${[...key, ...names].join(', ')} FROM input
    ORDER BY ${key.map((name) => `${name} COLLATE "C"`).join(', ')}
    ON CONFLICT (${key.join(', ')}) DO UPDATE
    SET ${names.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}
    WHERE ${row('known')} IS DISTINCT FROM ${row('EXCLUDED')}`
}
