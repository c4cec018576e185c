import type { Database } from '@clerk-sync/db'

/** Makes so many users differ from Clerk, a quarter in each way, all over the table. */
export async function injectDrift(db: Database, count: number): Promise<void> {
  const quarter = count / 4
  const run = (sql: string) => db.query(sql)
  await run(`CREATE TEMP TABLE IF NOT EXISTS chosen (id text, kind int)`)
  await run(`
    INSERT INTO chosen SELECT id, row_number() OVER () % 3
    FROM (SELECT id FROM clerk.users ORDER BY md5(id) LIMIT ${quarter * 3}) AS picked`)
  await run(`DELETE FROM clerk.users WHERE id IN (SELECT id FROM chosen WHERE kind < 2)`)
  await run(`
    INSERT INTO clerk.tombstones (entity, id, deleted_at, recorded_at)
    SELECT 'user', id, past, past FROM chosen, (SELECT now() - interval '1 day') AS t(past)
    WHERE kind = 1`)
  await run(`
    UPDATE clerk.users SET updated_at = updated_at - interval '1 hour'
    WHERE id IN (SELECT id FROM chosen WHERE kind = 2)`)
  await run(`
    INSERT INTO clerk.users (id, created_at, updated_at, event_occurred_at, event_id, synced_at)
    SELECT 'user_extra' || n, '2020-01-01', '2020-01-01', '2020-01-01', '', '2020-01-01'
    FROM generate_series(1, ${quarter}) AS n`)
}
