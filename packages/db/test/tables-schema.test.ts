import { withTablesSchema } from '@clerk-sync/ops'
import { createTestDatabase } from '@clerk-sync/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createDatabase, createDatabaseCheck, ensureUser } from '../src/index.ts'
import { migrate, pendingMigrations } from '../src/migrate.ts'
import { freshId, remove, upsert } from './build-change.ts'
import { query } from './query.ts'
import { applyAll } from './tables.ts'

/** A database with the tables in two schemas. */
async function createTwo() {
  const database = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => database.drop())
  const urls = ['clerk', 'auth'].map((schema) => withTablesSchema(database.url, schema))
  for (const url of urls) await migrate(url)
  const [usual, other] = urls.map((url) => {
    const db = createDatabase({ url, maxConnections: 2 })
    onTestFinished(() => db.close())
    return db
  })
  return { url: database.url, otherUrl: urls[1]!, usual: usual!, other: other! }
}

test('tables in two schemas of one database know nothing of each other', async () => {
  const { url, otherUrl, usual, other } = await createTwo()
  expect(other.tablesSchema).toBe('auth')
  const [id, deleted] = [freshId(), freshId()]
  expect(await applyAll(usual, [upsert(id), upsert(deleted)])).toEqual(['applied', 'applied'])
  expect(await applyAll(usual, [remove(deleted)])).toEqual(['deleted'])
  expect(await applyAll(other, [upsert(id), upsert(deleted)])).toEqual(['applied', 'applied'])
  const organization = freshId('org')
  const created = upsert(organization, { type: 'organization.created' })
  expect(await applyAll(other, [created, remove(id)])).toEqual(['applied', 'deleted'])

  const idsIn = (schema: string) =>
    query<{ id: string }>(url, `SELECT id FROM ${schema}.live_users`)
  expect(await idsIn('clerk')).toEqual([{ id }])
  expect(await idsIn('auth')).toEqual([{ id: deleted }])
  expect(await query(url, 'SELECT id FROM clerk.organizations')).toEqual([])
  await expect(createDatabaseCheck(other)()).resolves.toBeUndefined()
  expect(await pendingMigrations(otherUrl)).toEqual([])
  expect(await migrate(otherUrl)).toEqual([])
})

test('the same objects are in both schemas, and none of one mentions the other', async () => {
  const { url } = await createTwo()
  const objects = (schema: string) =>
    query<{ name: string; definition: string }>(
      url,
      `SELECT * FROM (
         SELECT relname AS name, relkind::text AS definition FROM pg_class
         WHERE relnamespace = to_regnamespace('${schema}')
         UNION ALL
         SELECT proname, pg_get_functiondef(oid) FROM pg_proc
         WHERE pronamespace = to_regnamespace('${schema}')
         UNION ALL
         SELECT viewname, definition FROM pg_views WHERE schemaname = '${schema}'
         UNION ALL
         SELECT tgname, pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger
         JOIN pg_class ON pg_class.oid = tgrelid AND relnamespace = to_regnamespace('${schema}')
       ) AS object ORDER BY name, definition`,
    )
  const usual = await objects('clerk')
  const other = await objects('auth')
  expect(other.map(({ name }) => name)).toEqual(usual.map(({ name }) => name))
  expect(other.filter(({ definition }) => /\bclerk\b(?!_sync)/.test(definition))).toEqual([])
})

test('ensureUser reads and writes the tables of its schema', async () => {
  const { url, other } = await createTwo()
  const id = freshId()
  const raw = { id, object: 'user', created_at: 1, updated_at: 2, email_addresses: [] }
  const clerk = { users: { getUser: async () => ({ raw }) } }
  expect((await ensureUser(other, clerk, id))?.id).toBe(id)
  expect(await query(url, 'SELECT id FROM auth.users')).toEqual([{ id }])
  expect(await query(url, 'SELECT id FROM clerk.users')).toEqual([])
})
