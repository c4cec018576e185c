import { entities } from '@clerk-sync/events'
import type { Scene } from './scene.ts'

/** Every row as it was written, with when and by which transaction: nothing may touch them unseen. */
export async function dump({ query }: Scene): Promise<Record<string, unknown[]>> {
  const tables = entities.flatMap(({ table, children }) => [
    table,
    ...children.map((child) => child.table),
  ])
  const dumped: Record<string, unknown[]> = {}
  for (const table of [...tables, 'tombstones', 'webhook_events']) {
    dumped[table] = await query(
      `SELECT to_jsonb(t) AS row, xmin::text AS written FROM clerk.${table} AS t ORDER BY 1`,
    )
  }
  return dumped
}
