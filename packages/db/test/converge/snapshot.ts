import type { Database } from '../../src/index.ts'
import type { Snapshot } from './model.ts'

/** What the tables hold of one run, read in one statement. */
export async function readTables(db: Database, run: string): Promise<Snapshot> {
  const rows = (table: string, hidden: string, order = 'id') => `(
    SELECT coalesce(jsonb_agg(to_jsonb(t) ${hidden} ORDER BY ${order}), '[]')
    FROM clerk.${table} AS t WHERE split_part(id, '_', 2) = '${run}'
  ) AS ${table}`
  const entity = (table: string) => rows(table, "- 'synced_at'")
  const [snapshot] = await db.prisma.$queryRawUnsafe<[Snapshot]>(`
    SELECT ${entity('users')}, ${entity('organizations')}, ${entity('organization_memberships')},
      ${rows('email_addresses', '', 'user_id, id')}, ${rows('tombstones', '', 'entity, id')},
      (
        SELECT coalesce(jsonb_agg(id ORDER BY id), '[]') FROM clerk.webhook_events
        WHERE split_part(id, '_', 2) = '${run}'
      ) AS webhook_events`)
  return withIsoTimes(snapshot)
}

const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/

// PostgreSQL writes a time without its zeroes and in the time zone of the session.
function withIsoTimes<T>(value: T): T {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' && isTime.test(inner) ? new Date(inner).toISOString() : inner,
  )
  return JSON.parse(text) as T
}
