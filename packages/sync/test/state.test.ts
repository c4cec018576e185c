import { createTables } from '@clerk-sync/db/testing'
import type { Tables } from '@clerk-sync/db/testing'
import { selectKept } from '@clerk-sync/events'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createLastEvents, readTables } from '../src/index.ts'

let tables: Tables
beforeAll(async () => {
  tables = await createTables()
  const [db] = tables.writers
  await db.query(
    `INSERT INTO clerk.users (id, updated_at, deleted_at, synced_at, event_occurred_at, event_id)
     SELECT 'user_' || n, to_timestamp(n), CASE WHEN n <= 10 THEN now() END, to_timestamp(n + 1), now(), 'msg_' || n
     FROM generate_series(1, 40) AS n`,
  )
  await db.query(
    `INSERT INTO clerk.email_addresses (id, user_id, verified, is_primary)
     SELECT 'idn_' || n, 'user_' || n, true, true FROM generate_series(1, 7) AS n`,
  )
})
afterAll(() => tables.close())

const { entities } = selectKept()

test('a small table is counted, with what stayed of the deleted and the newest write', async () => {
  const [db] = tables.writers
  const read = await readTables(db, entities)
  expect(read).toContainEqual({
    table: 'users',
    parent: undefined,
    live: 30,
    deleted: 10,
    isEstimate: false,
    writtenAt: new Date(41_000),
    updatedAt: new Date(40_000),
  })
  expect(read).toContainEqual(
    expect.objectContaining({ table: 'email_addresses', parent: 'users', live: 7 }),
  )
  expect(read.map(({ table }) => table)).not.toContain('sessions')
})

test('a large table is estimated, also before PostgreSQL knows anything of it', async () => {
  const [db] = tables.writers
  const users = async () => (await readTables(db, entities, 20))[0]
  expect(await users()).toMatchObject({ isEstimate: true, writtenAt: undefined })
  await db.query('ANALYZE clerk.users')
  expect(await users()).toMatchObject({ live: 30, deleted: 10, isEstimate: true })
})

async function record(types: Record<string, number>) {
  const [db] = tables.writers
  for (const [type, second] of Object.entries(types)) {
    await db.query(
      `INSERT INTO clerk.webhook_events (id, type, outcome, occurred_at, received_at)
       VALUES (gen_random_uuid()::text, $1, 'applied', now(), to_timestamp($2::int))`,
      type,
      second,
    )
  }
}

test('the newest event of each type is found in small pieces, the newest rows first', async () => {
  const [db] = tables.writers
  const reader = createLastEvents(db, 3)
  expect(await reader.read()).toEqual({ types: new Map(), since: undefined })
  await reader.close()

  await record({ 'user.deleted': 10, 'role.created': 20 })
  for (let second = 100; second < 108; second += 1) await record({ 'user.updated': second })
  const later = createLastEvents(db, 3)
  const first = await later.read()
  expect(first).toEqual({ types: new Map([['user.updated', 107_000]]), since: 105_000 })
  await vi.waitFor(async () => expect((await later.read()).since).toBeUndefined())
  const all = new Map([
    ['user.updated', 107_000],
    ['role.created', 20_000],
    ['user.deleted', 10_000],
  ])
  expect((await later.read()).types).toEqual(all)

  // More than one piece since the last reading.
  await record({ 'role.created': 200, 'role.updated': 201, 'user.created': 202 })
  await record({ 'user.updated': 203, 'role.deleted': 204 })
  expect((await later.read()).types).toEqual(
    new Map([
      ...all,
      ['user.updated', 203_000],
      ['role.created', 200_000],
      ['role.updated', 201_000],
      ['user.created', 202_000],
      ['role.deleted', 204_000],
    ]),
  )
  await later.close()
})
