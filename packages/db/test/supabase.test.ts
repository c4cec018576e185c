import { readFile } from 'node:fs/promises'
import { createFsyncPostgres, createTestDatabase } from '@clerk-sync/testing'
import { Client } from 'pg'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { createDatabase, createDatabaseCheck } from '../src/index.ts'
import { applySupabase, migrate } from '../src/migrate.ts'
import { supabaseRemovalSql } from '../src/schemas/index.ts'
import { internalTables, storedTables } from '../src/schemas/stored-tables.ts'
import type { StoredColumn, StoredTable } from '../src/schemas/stored-tables.ts'
import { freshId, remove, upsert } from './build-change.ts'
import { query } from './query.ts'
import { applyAll } from './tables.ts'

vi.setConfig({ testTimeout: 120_000 })

// A server of its own: these roles belong to the whole server.
const server = await createFsyncPostgres()
afterAll(() => server.stop())
const file = (path: string) => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8')
await query(
  server.url,
  `CREATE ROLE anon NOLOGIN; CREATE ROLE authenticated NOLOGIN;
   CREATE ROLE service_role NOLOGIN BYPASSRLS`,
)

// As Supabase has them.
const supabase = `
  CREATE SCHEMA auth;
  GRANT USAGE ON SCHEMA auth TO PUBLIC;
  CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(
      nullif(current_setting('request.jwt.claim', true), ''),
      nullif(current_setting('request.jwt.claims', true), ''))::jsonb $$;
  CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
  ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role`

const people = { ada: 'org_acme', bob: 'org_acme', eve: 'org_other' }
type Person = keyof typeof people
const idOf = (person: Person) => `user_${person}`

/** Ada and Bob of Acme, and Eve, who have a row in every table. */
async function createScene(options: { views?: boolean } = {}) {
  const database = await createTestDatabase(server.url)
  onTestFinished(() => database.drop())
  const run = <Row extends object>(sql: string) => query<Row>(database.url, sql)
  await run(await file('packages/db/roles/roles.sql'))
  await migrate(database.url)
  await run(await file('packages/db/roles/roles.sql'))
  await run(supabase)
  await run(
    storedTables
      .flatMap((table) => (Object.keys(people) as Person[]).map((person) => insert(table, person)))
      .join(';'),
  )
  await applySupabase(database.url, options)
  /** Rows as PostgREST reads them, for a client with these claims. */
  const as = async (role: string, claims: object, sql: string) => {
    const client = new Client({ connectionString: database.url })
    await client.connect()
    try {
      await client.query(`BEGIN; SET LOCAL ROLE ${role}`)
      await client.query(`SELECT set_config('request.jwt.claims', $1, true)`, [
        JSON.stringify({ role, ...claims }),
      ])
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }
  return { url: database.url, run, as }
}

/** A row of this person, with something in every column. */
function insert({ name, columns }: StoredTable, person: Person): string {
  const values = columns.map((column) => valueOf(column, name, person))
  return `INSERT INTO clerk.${name} (${columns.map((column) => column.name).join()}) VALUES (${values.join()})`
}

function valueOf({ name, type }: StoredColumn, table: string, person: Person): string {
  if (name === 'deleted_at') return 'NULL'
  if (name === 'user_id' || (table === 'users' && name === 'id')) return `'${idOf(person)}'`
  const isOrganization = table === 'organizations' && name === 'id'
  if (name === 'organization_id') return `'${people[person]}'`
  if (isOrganization) return person === 'bob' ? `'org_bob'` : `'${people[person]}'`
  if (name === 'id') return `'${table}_${person}'`
  const samples = {
    id: `'x'`,
    text: `'x'`,
    'text[]': `'{}'`,
    boolean: 'true',
    bigint: '1',
    jsonb: `'{}'`,
    timestamptz: 'now()',
  }
  return samples[type]
}

// What Ada sees while Acme is her active organization; false: not even that there is such a table.
const own = (table: string) => [`${table}_ada`]
const seenByAda: Record<string, string[] | false> = {
  users: ['user_ada', 'user_bob'],
  organizations: ['org_acme'],
  organization_memberships: ['organization_memberships_ada', 'organization_memberships_bob'],
  email_addresses: own('email_addresses'),
  phone_numbers: own('phone_numbers'),
  external_accounts: own('external_accounts'),
  enterprise_accounts: own('enterprise_accounts'),
  saml_accounts: own('saml_accounts'),
  web3_wallets: own('web3_wallets'),
  organization_invitations: own('organization_invitations'),
  sessions: own('sessions'),
  subscriptions: own('subscriptions'),
  subscription_items: own('subscription_items'),
  payment_attempts: own('payment_attempts'),
  organization_domains: false,
  roles: false,
  role_permissions: false,
  permissions: false,
  waitlist_entries: false,
  tombstones: false,
  webhook_events: false,
  ...Object.fromEntries(internalTables.map((name) => [name, false])),
}
const ada = { sub: 'user_ada', o: { id: 'org_acme', rol: 'admin' } }
const denied = /permission denied/

test('every table has its expectation', () => {
  const names = [...storedTables.map(({ name }) => name), ...internalTables]
  expect(Object.keys(seenByAda).toSorted()).toEqual(names.toSorted())
})

test('a user sees themselves, their active organization and its members, and nothing else', async () => {
  const { run, as } = await createScene()
  for (const [table, seen] of Object.entries(seenByAda)) {
    const ids = (role: string, claims: object) =>
      as(role, claims, `SELECT id FROM clerk.${table} ORDER BY id`).then((rows) =>
        rows.map(({ id }) => id as string),
      )
    await expect(ids('anon', ada)).rejects.toThrow(denied)
    const writing = `DELETE FROM clerk.${table}`
    await expect(as('authenticated', ada, writing)).rejects.toThrow(denied)
    const may = `has_table_privilege('authenticated', oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
      OR has_any_column_privilege('authenticated', oid, 'INSERT, UPDATE, REFERENCES')`
    expect(
      await run(`SELECT ${may} AS may FROM pg_class WHERE oid = 'clerk.${table}'::regclass`),
    ).toEqual([{ may: false }])
    const isSeen = as('authenticated', ada, `SELECT FROM clerk.${table}`).then(
      () => true,
      (error: Error) => !denied.test(error.message),
    )
    expect({ [table]: await isSeen }).toEqual({ [table]: seen !== false })
    if (seen === false) continue
    expect({ [table]: await ids('authenticated', ada) }).toEqual({ [table]: seen })
    // Without an active organization her own alone, and without a claim nothing.
    const mine = table === 'organizations' ? [] : seen.filter((id) => id.endsWith('_ada'))
    for (const o of [undefined, null, 'org_acme', {}, { id: null }]) {
      expect({ [table]: await ids('authenticated', { sub: 'user_ada', o }) }).toEqual({
        [table]: mine,
      })
    }
    for (const claims of [{}, { sub: '' }, { sub: null }, { sub: 'user_x', o: { id: 'org_x' } }]) {
      expect({ [table]: await ids('authenticated', claims) }).toEqual({ [table]: [] })
    }
  }
})

test('nobody signed in sees private metadata, or what is deleted', async () => {
  const { run, as } = await createScene({ views: true })
  for (const { name, columns } of storedTables) {
    if (!columns.some((column) => column.name === 'private_metadata')) continue
    const sql = `SELECT private_metadata FROM clerk.${name}`
    await expect(as('authenticated', ada, sql)).rejects.toThrow(denied)
  }
  for (const { name, columns } of storedTables) {
    if (!seenByAda[name] || !columns.some((column) => column.name === 'deleted_at')) continue
    await run(`UPDATE clerk.${name} SET deleted_at = now()`)
    expect(await as('authenticated', ada, `SELECT id FROM clerk.${name}`)).toEqual([])
    expect(await run(`SELECT FROM public.clerk_${name}`)).toEqual([])
  }
})

test('the views in public show the same, with all of their columns', async () => {
  const { as } = await createScene({ views: true })
  for (const [table, seen] of Object.entries(seenByAda)) {
    if (seen === false) continue
    const all = `SELECT * FROM public.clerk_${table} ORDER BY id`
    expect((await as('authenticated', ada, all)).map(({ id }) => id as string)).toEqual(seen)
    await expect(as('anon', ada, all)).rejects.toThrow(denied)
    await expect(as('authenticated', ada, `DELETE FROM public.clerk_${table}`)).rejects.toThrow(
      denied,
    )
  }
})

test('the roles of clerk-sync and the service role see and write as before', async () => {
  const { url, run } = await createScene()
  await run(`GRANT USAGE ON SCHEMA clerk TO service_role;
    GRANT SELECT ON ALL TABLES IN SCHEMA clerk TO service_role`)
  for (const role of ['clerk_sync_worker', 'clerk_sync_cli', 'clerk_sync_read', 'service_role']) {
    for (const { name } of storedTables) {
      const [found] = await run<{ count: string }>(
        `SET ROLE ${role}; SELECT count(*) FROM clerk.${name}`,
      )
      expect({ [name]: found?.count }).toEqual({ [name]: '3' })
    }
  }
  await run(`ALTER ROLE clerk_sync_worker PASSWORD 'x'`)
  const worker = Object.assign(new URL(url), { username: 'clerk_sync_worker', password: 'x' }).href
  const db = createDatabase({ url: worker, maxConnections: 1 })
  onTestFinished(() => db.close())
  await createDatabaseCheck(db)()
  const id = freshId()
  expect(await applyAll(db, [upsert(id)])).toEqual(['applied'])
  expect(await applyAll(db, [remove(id)])).toEqual(['deleted'])
})

test('it may be applied again, and be removed', async () => {
  const { url, run, as } = await createScene({ views: true })
  const state = () =>
    run(`
      SELECT tablename AS name, policyname || coalesce(qual, '') AS what FROM pg_policies
      UNION ALL SELECT relname, relacl::text || relrowsecurity || coalesce(array_to_string(reloptions, ','), '')
      FROM pg_class WHERE relnamespace IN ('clerk'::regnamespace, 'public'::regnamespace)
      ORDER BY name, what`)
  const once = await state()
  await applySupabase(url, { views: true })
  expect(await state()).toEqual(once)

  await run('CREATE POLICY own ON clerk.roles FOR SELECT TO authenticated USING (true)')
  await run(supabaseRemovalSql())
  await run(supabaseRemovalSql())
  const secured = await run(`SELECT relname AS name FROM pg_class WHERE relrowsecurity`)
  expect(secured).toEqual([{ name: 'roles' }])
  expect(await run(`SELECT policyname AS name FROM pg_policies`)).toEqual([{ name: 'own' }])
  await expect(as('authenticated', ada, 'SELECT FROM clerk.users')).rejects.toThrow(denied)
})

test('elsewhere it changes nothing, and says why', async () => {
  const database = await createTestDatabase(server.url)
  onTestFinished(() => database.drop())
  await migrate(database.url)
  await expect(applySupabase(database.url)).rejects.toThrow(
    'row level security was not applied: auth.jwt() or the roles anon and authenticated are missing',
  )
  const secured = await query(database.url, 'SELECT FROM pg_class WHERE relrowsecurity')
  expect(secured).toEqual([])
})

test("auth.uid(), which the old guides compare ids with, refuses Clerk's ids", async () => {
  const { as } = await createScene()
  const sql = 'SELECT FROM clerk.users WHERE auth.uid()::text = id'
  await expect(as('authenticated', ada, sql)).rejects.toThrow('invalid input syntax for type uuid')
})
