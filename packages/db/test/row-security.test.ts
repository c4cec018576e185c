import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createDatabase, createDatabaseCheck } from '../src/index.ts'
import { migrate } from '../src/migrate.ts'
import { freshId, noon, remove, upsert } from './build-change.ts'
import { query } from './query.ts'
import { applyAll } from './tables.ts'

/** Tables of one role, and a worker that logs in as another one, which may write them. */
async function createScene() {
  const database = await createMigratedDatabase(migrate)
  const name = new URL(database.url).pathname.slice(1)
  const [owner, worker] = [`${name}_owner`, `${name}_worker`]
  const run = (sql: string) => query(database.url, sql)
  await run(`
    CREATE ROLE ${owner} LOGIN PASSWORD 'x'; CREATE ROLE ${worker} LOGIN PASSWORD 'x';
    GRANT USAGE ON SCHEMA clerk TO ${worker}, ${owner};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA clerk TO ${worker}, ${owner};
    ALTER TABLE clerk.users OWNER TO ${owner}`)
  onTestFinished(async () => {
    await run(`DROP OWNED BY ${owner}, ${worker} CASCADE`)
    await database.drop()
    await query(inject('databaseUrl'), `DROP ROLE ${owner}, ${worker}`)
  })
  const open = (username: string) => {
    const url = Object.assign(new URL(database.url), { username, password: 'x' }).href
    const db = createDatabase({ url, maxConnections: 2 })
    onTestFinished(() => db.close())
    return { db, check: createDatabaseCheck(db) }
  }
  return { run, owner, worker, open }
}

const hidden = 'row level security hides rows of clerk.users: the role in DATABASE_URL must own'

test('a worker whose rows are hidden is not ready, until it sees all', async () => {
  const { run, worker, open } = await createScene()
  const { db, check } = open(worker)
  await check()
  await run('ALTER TABLE clerk.users ENABLE ROW LEVEL SECURITY')
  await expect(check()).rejects.toThrow(hidden)
  // It sees them, but can not delete them.
  await run(`CREATE POLICY readable ON clerk.users FOR SELECT USING (true)`)
  await expect(check()).rejects.toThrow(hidden)
  await run(`CREATE POLICY a_few ON clerk.users USING (username = 'ada')`)
  await expect(check()).rejects.toThrow(hidden)

  await run(`CREATE POLICY worker ON clerk.users FOR ALL TO ${worker} USING (true)`)
  await check()
  const id = freshId()
  expect(await applyAll(db, [upsert(id, { updatedAt: noon })])).toEqual(['applied'])
  expect(await applyAll(db, [remove(id)])).toEqual(['deleted'])

  await run(`CREATE POLICY narrow ON clerk.users AS RESTRICTIVE USING (username = 'ada')`)
  await expect(check()).rejects.toThrow(hidden)
  await run(`ALTER ROLE ${worker} BYPASSRLS`)
  await check()
  expect(await applyAll(db, [upsert(freshId())])).toEqual(['applied'])
})

test('the owner of the tables sees all, unless it is forced', async () => {
  const { run, owner, open } = await createScene()
  const { db, check } = open(owner)
  await run('ALTER TABLE clerk.users ENABLE ROW LEVEL SECURITY')
  await check()
  expect(await applyAll(db, [upsert(freshId())])).toEqual(['applied'])
  await run('ALTER TABLE clerk.users FORCE ROW LEVEL SECURITY')
  await expect(check()).rejects.toThrow(hidden)
})
