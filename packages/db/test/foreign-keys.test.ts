import { readFile } from 'node:fs/promises'
import { changeFromApi, userEntity } from '@clerk-sync/events'
import type { Upsert } from '@clerk-sync/events'
import { Client } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { applyChanges, createDatabase, deletionPolicies, ensureUser } from '../src/index.ts'
import type { DeletionPolicy } from '../src/index.ts'
import { freshId, noon, remove, upsert } from './build-change.ts'
import { ada, clerkThat } from './just-in-time-scene.ts'
import { applyAll, createTables, defaultRules, useTables } from './tables.ts'

const tables = await useTables()
const [db, other] = tables.writers
const rulesOf = (deletionPolicy: DeletionPolicy) => ({ deletionPolicy, auditValues: false })

const fromBackfill = (id: string) =>
  changeFromApi(userEntity, { id, created_at: noon, updated_at: noon + 50 }) as Upsert

let count = 0
/** A table of the application's own whose rows refer to users. */
async function createPosts(action: string) {
  count += 1
  const posts = `posts_${count}`
  await tables.query(`
    CREATE TABLE ${posts} (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      user_id text COLLATE "C" REFERENCES clerk.users (id) ${action}
    );
    CREATE INDEX ON ${posts} (user_id)`)
  onTestFinished(async () => void (await tables.query(`DROP TABLE ${posts}`)))
  const write = (userId: string, rows = 1) =>
    tables.query(
      `INSERT INTO ${posts} (user_id) SELECT '${userId}' FROM generate_series(1, ${rows})`,
    )
  const owners = async () =>
    (await tables.query<{ user_id: string | null }>(`SELECT user_id FROM ${posts}`)).map(
      ({ user_id }) => user_id,
    )
  return { posts, write, owners }
}

const actions = ['ON DELETE CASCADE', 'ON DELETE SET NULL'] as const

describe.each(deletionPolicies)('with %s', (deletionPolicy) => {
  const rules = rulesOf(deletionPolicy)

  test.each(actions)(
    'a key %s takes a row after ensureUser, and lets the deletion of the user through',
    async (action) => {
      const { write, owners } = await createPosts(action)
      const id = freshId()
      await expect(write(id)).rejects.toMatchObject({ code: '23503' })
      await ensureUser(db, clerkThat(ada), id, { deletionPolicy })
      await write(id)
      // The user's own event comes after the row that refers to it.
      await applyAll(db, [upsert(id, { updatedAt: noon + 1 })], rules)
      expect(await owners()).toEqual([id])

      expect(await applyAll(db, [remove(id, { occurredAt: noon + 2 })], rules)).toEqual(['deleted'])
      const left = action === 'ON DELETE CASCADE' ? [] : [null]
      expect(await owners()).toEqual(deletionPolicy === 'erase' ? left : [id])

      // Nothing brings the user back: neither a late event, nor ensureUser.
      await applyAll(db, [upsert(id, { updatedAt: noon + 3 })], rules)
      expect(await ensureUser(db, clerkThat(ada), id, { deletionPolicy })).toBeUndefined()
      expect(await tables.query(`SELECT FROM clerk.live_users WHERE id = '${id}'`)).toEqual([])
      const late = write(id).then(
        () => 'taken',
        (error: { code: string }) => error.code,
      )
      expect(await late).toBe(deletionPolicy === 'erase' ? '23503' : 'taken')
    },
  )

  test('events, deletions, a backfill and an application that writes go on side by side', async () => {
    const { posts, write } = await createPosts('ON DELETE CASCADE')
    const ids = Array.from({ length: 40 }, () => freshId())
    await applyAll(
      db,
      ids.map((id) => upsert(id)),
      rules,
    )
    const refusals = new Set<string>()
    const application = ids.map(async (id) => {
      for (let i = 0; i < 5; i += 1) {
        // Refused once the user is gone.
        await write(id).catch(({ code }: { code: string }) => refusals.add(code))
      }
    })
    const updates = ids.map((id, i) => upsert(id, { updatedAt: noon + i + 1 }))
    const deletions = ids.slice(0, 20).map((id) => remove(id, { occurredAt: noon + 100 }))
    const worker = [
      applyAll(db, updates.slice(0, 20), rules),
      applyAll(other, updates.slice(20), rules),
      applyAll(tables.writers[2], deletions, rules),
      applyAll(tables.writers[3], ids.map(fromBackfill), rules),
    ]
    await Promise.all([...application, ...worker])
    expect([...refusals].filter((code) => code !== '23503')).toEqual([])
    const kept = deletionPolicy === 'erase' ? ids.slice(20) : ids
    const rows = await tables.query<{ user_id: string; posts: number }>(
      `SELECT user_id, count(*)::int AS posts FROM ${posts} GROUP BY user_id`,
    )
    expect(rows.map(({ user_id }) => user_id).toSorted()).toEqual(kept.toSorted())
    for (const { posts: written } of rows) expect(written).toBe(5)
  })
})

test('a user with 30,000 rows of the application is deleted with them', async () => {
  const { write, owners } = await createPosts('ON DELETE CASCADE')
  const id = freshId()
  await applyAll(db, [upsert(id)])
  await write(id, 30_000)
  expect(await applyAll(db, [remove(id)])).toEqual(['deleted'])
  expect(await owners()).toEqual([])
})

/** An organization with 12,000 members, who have a row each in a table of the application's own. */
async function createSeats(index: string) {
  const id = freshId('org')
  await tables.query(`
    INSERT INTO clerk.organization_memberships
      (id, organization_id, user_id, updated_at, event_occurred_at, event_id)
    SELECT '${id}_' || n, '${id}', 'user_' || n, now(), now(), '' FROM generate_series(1, 12000) AS n;
    CREATE TABLE seats (
      member text COLLATE "C" REFERENCES clerk.organization_memberships (id) ON DELETE CASCADE
    );
    INSERT INTO seats SELECT NULL FROM generate_series(1, 100000);
    INSERT INTO seats
      SELECT id FROM clerk.organization_memberships WHERE organization_id = '${id}';
    ${index}`)
  onTestFinished(async () => void (await tables.query('DROP TABLE seats')))
  const taken = async () =>
    (await tables.query(`SELECT FROM seats WHERE member IS NOT NULL`)).length
  return { deletion: remove(id, { type: 'organization.deleted' }), taken }
}

test('a cascade of 12,000 rows takes those along that refer to them', async () => {
  const { deletion, taken } = await createSeats('CREATE INDEX ON seats (member)')
  expect(await applyAll(db, [deletion])).toEqual(['deleted'])
  expect(await taken()).toBe(0)
})

test('without an index it takes too long, and is refused as a whole', async () => {
  const { deletion, taken } = await createSeats('')
  await expect(applyAll(db, [deletion])).rejects.toThrow(
    'the database refused the statement: SQLSTATE 57014',
  )
  expect(await taken()).toBe(12_000)
})

test.each(['', 'ON DELETE RESTRICT'])(
  'a key with %j refuses the deletion alone, until the rows are gone',
  async (action) => {
    const { posts, write } = await createPosts(action)
    const [id, another] = [freshId(), freshId()]
    await applyAll(db, [upsert(id), upsert(another)])
    await write(id)
    const deletions = [remove(id), remove(another)]
    const [refused, applied] = await applyChanges(db, deletions, defaultRules)
    expect(applied).toMatchObject({ ok: true, outcome: 'deleted' })
    // 23001 is that of RESTRICT from PostgreSQL 18 on.
    expect(String((refused as { error: Error }).error)).toMatch(
      new RegExp(
        `the database refused the statement: SQLSTATE (23503|23001) \\(table ${posts}, constraint ${posts}_user_id_fkey\\)$`,
      ),
    )
    expect(await tables.query(`SELECT id FROM clerk.users WHERE id = '${id}'`)).toEqual([{ id }])
    for (const deletionPolicy of ['anonymize', 'retain'] as const) {
      const kept = freshId()
      await applyAll(db, [upsert(kept)])
      await write(kept)
      expect(await applyAll(db, [remove(kept)], rulesOf(deletionPolicy))).toEqual(['deleted'])
    }
    await tables.query(`DELETE FROM ${posts}`)
    expect(await applyAll(db, deletions.slice(0, 1))).toEqual(['deleted'])
  },
)

test('an open transaction of the application delays a deletion of its user, and no update', async () => {
  const { posts, owners } = await createPosts('ON DELETE CASCADE')
  const id = freshId()
  await applyAll(db, [upsert(id)])
  const application = new Client({ connectionString: tables.url })
  await application.connect()
  onTestFinished(() => application.end())
  await application.query('BEGIN')
  await application.query(`INSERT INTO ${posts} (user_id) VALUES ('${id}')`)

  expect(await applyAll(db, [upsert(id, { updatedAt: noon + 1 })])).toEqual(['applied'])
  const deleting = applyAll(db, [remove(id, { occurredAt: noon + 2 })])
  const waiting = () =>
    tables.query(`SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`)
  await expect.poll(waiting).toHaveLength(1)
  await application.query('COMMIT')
  expect(await deleting).toEqual(['deleted'])
  expect(await owners()).toEqual([])
})

/** The statements of the section on foreign keys. */
async function readStatements(): Promise<string[]> {
  const page = await readFile(new URL('../../../docs/applications.md', import.meta.url), 'utf8')
  const [, section = ''] = /^## Foreign keys\n(.*?)^## /ms.exec(page) ?? []
  return [...section.matchAll(/```sql\n(.*?)```/gs)].map(([, sql = '']) => sql)
}

describe.each(deletionPolicies)('the documented tables, with %s', (deletionPolicy) => {
  const rules = rulesOf(deletionPolicy)

  test('belong to an application whose role has few rights, beside a worker that has none on them', async () => {
    const own = await createTables()
    onTestFinished(() => own.close())
    const [posts = '', anchor = ''] = await readStatements()
    const name = new URL(own.url).pathname.slice(1)
    const [app, worker] = [`${name}_app`, `${name}_worker`]
    onTestFinished(
      async () =>
        void (await own.query(`DROP OWNED BY ${app}, ${worker}; DROP ROLE ${app}, ${worker}`)),
    )
    await own.query(`
      CREATE ROLE ${app}; CREATE ROLE ${worker} LOGIN PASSWORD 'x';
      GRANT CREATE ON SCHEMA public TO ${app};
      GRANT USAGE ON SCHEMA clerk TO ${app}, ${worker};
      GRANT REFERENCES ON clerk.users TO ${app};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA clerk TO ${worker};
      SET ROLE ${app};
      ${posts} ${anchor}`)
    const url = Object.assign(new URL(own.url), { username: worker, password: 'x' }).href
    const working = createDatabase({ url, maxConnections: 1 })
    onTestFinished(() => working.close())
    const id = freshId()
    await applyAll(working, [upsert(id)], rules)
    await own.query(`SET ROLE ${app}; INSERT INTO posts (user_id) VALUES ('${id}')`)
    expect(await applyAll(working, [remove(id)], rules)).toEqual(['deleted'])
    expect(await own.query('SELECT FROM posts')).toHaveLength(deletionPolicy === 'erase' ? 0 : 1)
  })

  test('of its own outlive the user until the application deletes them, or its trigger does', async () => {
    const own = await createTables()
    onTestFinished(() => own.close())
    const [, anchor = '', sweep = '', trigger = ''] = await readStatements()
    await own.query(anchor)
    const [first, second, unknown] = [freshId(), freshId(), freshId()]
    for (const id of [first, second, unknown]) {
      await own.query(
        `INSERT INTO app_users VALUES ('${id}'); INSERT INTO notes (user_id) VALUES ('${id}')`,
      )
    }
    const owners = async () =>
      (await own.query<{ user_id: string }>('SELECT user_id FROM notes ORDER BY id')).map(
        ({ user_id }) => user_id,
      )
    const [writer] = own.writers
    await applyAll(writer, [upsert(first), upsert(second)], rules)
    await applyAll(writer, [remove(first)], rules)
    expect(await owners()).toEqual([first, second, unknown])
    await own.query(sweep)
    expect(await owners()).toEqual([second, unknown])
    await own.query(trigger)
    expect(await applyAll(writer, [remove(second)], rules)).toEqual(['deleted'])
    expect(await owners()).toEqual([unknown])
  })
})

test('a join finds the rows of a user by an index where the collation is that of the ids', async () => {
  const plans = []
  for (const collation of ['', 'COLLATE "C"']) {
    await tables.query(`
      DROP TABLE IF EXISTS own_rows;
      CREATE TABLE own_rows (user_id text ${collation}); CREATE INDEX ON own_rows (user_id)`)
    const rows = await tables.query(`
      SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
      EXPLAIN SELECT FROM clerk.users u JOIN own_rows o ON o.user_id = u.id WHERE u.id = 'user_1'`)
    plans.push(JSON.stringify(rows))
  }
  expect(plans[0]).not.toMatch(/Index Cond: \(\(?user_id/)
  expect(plans[1]).toMatch(/Index Cond: \(\(?user_id/)
})
