import { createPgBouncer } from '@clerk-sync/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createDatabase } from '../src/index.ts'
import { freshId, remove, upsert } from './build-change.ts'
import { applyAll, createTables, useTables } from './tables.ts'

const tables = await useTables()

/** A pool of connections through a PgBouncer whose sessions are shared all the time. */
async function openPooled(parameters: string) {
  const bouncer = await createPgBouncer(inject('databaseUrl'), { poolSize: 2 })
  onTestFinished(() => bouncer.stop())
  const url = `${bouncer.through(tables.url)}${parameters}`
  const db = createDatabase({ url, maxConnections: 6 })
  onTestFinished(() => db.close())
  return db
}

// Debian's PgBouncer, older than 1.21, keeps no prepared statements.
test.each([
  ['that is told by the URL', '?pgbouncer=true'],
  ['that is not told', ''],
])('a pooler without prepared statements %s takes every write', async (_, parameters) => {
  const db = await openPooled(parameters)
  const ids = Array.from({ length: 20 }, () => freshId())
  const applied = await Promise.all(ids.map((id) => applyAll(db, [upsert(id), upsert(freshId())])))
  expect(new Set(applied.flat())).toEqual(new Set(['applied']))
  const deleted = await Promise.all(ids.slice(0, 8).map((id) => applyAll(db, [remove(id)])))
  expect(new Set(deleted.flat())).toEqual(new Set(['deleted']))
  const found = await db.query<{ id: string }>('SELECT id FROM clerk.users WHERE id = ANY($1)', ids)
  expect(found.map(({ id }) => id).toSorted()).toEqual(ids.slice(8).toSorted())
})

test('PostgreSQL plans the statements of a batch once for each connection', async () => {
  const db = createDatabase({ url: tables.url, maxConnections: 1 })
  onTestFinished(() => db.close())
  for (let batch = 0; batch < 12; batch += 1) {
    await applyAll(db, [
      upsert(freshId()),
      upsert(freshId('org'), { type: 'organization.created' }),
    ])
  }
  const statements = await db.query<{ plans: number; made_anew: number }>(
    `SELECT generic_plans::int + custom_plans::int AS plans, custom_plans::int AS made_anew
     FROM pg_prepared_statements WHERE name LIKE 'clerk_sync_%'`,
  )
  expect(statements.length).toBeGreaterThanOrEqual(6)
  for (const { plans, made_anew } of statements) {
    expect(plans).toBe(12)
    expect(made_anew).toBeLessThanOrEqual(1)
  }
})

test('a plan that was made for empty tables finds rows by their index when they are many', async () => {
  const empty = await createTables()
  onTestFinished(() => empty.close())
  const db = createDatabase({ url: empty.url, maxConnections: 1 })
  onTestFinished(() => db.close())
  for (let batch = 0; batch < 8; batch += 1)
    await applyAll(db, [upsert('user_1', { svixId: freshId('msg') })])
  await empty.query(`ALTER TABLE clerk.users SET (autovacuum_enabled = false)`)
  await db.query(
    `INSERT INTO clerk.users (id, updated_at, event_occurred_at, event_id)
     SELECT 'user_seed' || i, now(), now(), 'msg_' || i FROM generate_series(1, 20000) AS i`,
  )
  const scans = async () => {
    await db.query('SELECT pg_stat_force_next_flush()')
    const [found] = await db.query<{ seq_tup_read: number }>(
      `SELECT seq_tup_read::int FROM pg_stat_user_tables WHERE relname = 'users'`,
    )
    return found?.seq_tup_read ?? 0
  }
  const before = await scans()
  for (let batch = 0; batch < 20; batch += 1) await applyAll(db, [upsert(freshId())])
  expect((await scans()) - before).toBeLessThan(20_000)
})
