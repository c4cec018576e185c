import type { EntityDrift } from '../src/index.ts'
import type { Scene } from './scene.ts'

/** What differs, as `table kind: count`, in the order of the tables. */
export function driftIn(found: readonly EntityDrift[]): string[] {
  return found.flatMap(({ table, drift }) =>
    Object.entries(drift).flatMap(([kind, count]) =>
      count === 0 ? [] : [`${table} ${kind}: ${count}`],
    ),
  )
}

/** The ids in a table, in order; those that are injected into come from here. */
export async function idsIn({ query }: Scene, table: string): Promise<string[]> {
  const rows = await query<{ id: string }>(`SELECT id FROM clerk.${table} ORDER BY id`)
  return rows.map(({ id }) => id)
}

const listed = (ids: readonly string[]) => ids.map((id) => `'${id}'`).join(', ')

/** Deletes rows and their child rows, as if their events had never come. */
export async function lose(scene: Scene, table: string, ids: readonly string[]): Promise<void> {
  await scene.query(`DELETE FROM clerk.${table} WHERE id IN (${listed(ids)})`)
  const entity = scene.entities.find((one) => one.table === table)
  for (const child of entity?.children ?? []) {
    await scene.query(
      `DELETE FROM clerk.${child.table} WHERE ${child.parentColumn} IN (${listed(ids)})`,
    )
  }
}

/** Puts rows back to an older version, as if their last events had never come. */
export async function age({ query }: Scene, table: string, ids: readonly string[]): Promise<void> {
  await query(
    `UPDATE clerk.${table} SET updated_at = updated_at - interval '1 hour',
       event_occurred_at = event_occurred_at - interval '1 hour' WHERE id IN (${listed(ids)})`,
  )
}

/** Adds rows that Clerk does not have, copied from one that it has. */
export async function invent(scene: Scene, table: string, count: number): Promise<string[]> {
  const [from = ''] = await idsIn(scene, table)
  const ids = Array.from({ length: count }, (_, index) => `${from}_extra${index}`)
  const columns = await scene.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns
     WHERE table_schema = 'clerk' AND table_name = $1 AND column_name <> 'id'`,
    table,
  )
  const names = columns.map(({ name }) => name).join(', ')
  await scene.query(
    `INSERT INTO clerk.${table} (id, ${names})
     SELECT extra, ${names} FROM clerk.${table}, unnest($1::text[]) AS extra WHERE id = $2`,
    ids,
    from,
  )
  return ids
}

/** ExistingState ids as deleted that Clerk still has, as a deletion that was never theirs would. */
export async function kill(
  scene: Scene,
  { name, table }: { name: string; table: string },
  ids: readonly string[],
): Promise<void> {
  await lose(scene, table, ids)
  await scene.query(
    `INSERT INTO clerk.tombstones (entity, id, deleted_at)
     SELECT $1, id, now() FROM unnest($2::text[]) AS id`,
    name,
    ids,
  )
}
