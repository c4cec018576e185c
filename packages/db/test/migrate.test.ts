import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createTestDatabase } from '@clerk-sync/testing'
import type { TestDatabase } from '@clerk-sync/testing'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest'
import { migrate, MigrationError, pendingMigrations } from '../src/migrate.ts'
import { readMigrations } from '../src/migration-history.ts'
import { query } from './query.ts'

const { migrationDirectories } = await readMigrations()
const all = migrationDirectories.map(({ path }) => path)
const [first = ''] = all
const migrateOnce = fileURLToPath(new URL('migrate-once.ts', import.meta.url))

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase(inject('databaseUrl'))
})
afterEach(() => database.drop())

const relations = async () =>
  (
    await query<{ name: string }>(
      database.url,
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'clerk'::regnamespace ORDER BY 1`,
    )
  ).map(({ name }) => name)

function failure(url = database.url): Promise<MigrationError> {
  return migrate(url).then(
    () => expect.fail('it migrated'),
    (error: MigrationError) => error,
  )
}

test('an empty database has every migration pending, a migrated one none', async () => {
  expect(await pendingMigrations(database.url)).toEqual(all)
  expect(await migrate(database.url)).toEqual(all)
  expect(await pendingMigrations(database.url)).toEqual([])
})

test('a second run applies nothing, and need not wait for the first to let go of a lock', async () => {
  await migrate(database.url)
  const started = performance.now()
  expect(await migrate(database.url)).toEqual([])
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('of several runs at once in one process the first migrates and the others find nothing to do', async () => {
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(database.url)))
  expect(applied.toSorted((a, b) => b.length - a.length)).toEqual([all, [], [], [], []])
})

async function runOnce(): Promise<{ names: string[]; endedAfterMs: number }> {
  const child = spawn(process.execPath, [migrateOnce, database.url])
  const exited = once(child, 'exit')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const done = performance.now()
  await exited
  return {
    names: JSON.parse(String(line)) as string[],
    endedAfterMs: performance.now() - done,
  }
}

// The engine keeps a timer of 10 s.
test('of several processes at once the first migrates, and all end at once when done', async () => {
  const runs = await Promise.all(Array.from({ length: 3 }, runOnce))
  const applied = runs.map(({ names }) => names)
  expect(applied.toSorted((a, b) => b.length - a.length)).toEqual([all, [], []])
  for (const { endedAfterMs } of runs) expect(endedAfterMs).toBeLessThan(8_000)
})

// The engine's own lock gives up after 10 s; a migration of a big table takes longer than that.
test('a process that finds another at it waits for as long as it takes, and says for whom', async () => {
  const other = new Client({ connectionString: database.url })
  await other.connect()
  await other.query('SELECT pg_advisory_lock($1)', [0x6d696772])
  const lines: string[] = []
  const migrating = migrate(database.url, { onWaiting: (line) => lines.push(line) })
  await vi.waitFor(async () => {
    const { rows } = await other.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    expect(rows).toHaveLength(1)
  })
  expect(await pendingMigrations(database.url)).toEqual(all)
  await expect.poll(() => lines, { timeout: 10_000 }).toHaveLength(1)
  const { rows } = await other.query('SELECT pg_backend_pid() AS pid')
  // A lock of a session that is in no transaction: a pooler kept it.
  expect(lines[0]).toMatch(
    new RegExp(
      `^waiting for a lock that session ${rows[0].pid} holds; .* since \\d{4}-.*: ` +
        `SELECT pg_terminate_backend\\(${rows[0].pid}\\) ends it$`,
    ),
  )
  await other.end()
  expect(await migrating).toEqual(all)
})

test('a migration that waits for a table says for whose transaction and since when', async () => {
  const other = new Client({ connectionString: database.url, application_name: 'report' })
  await other.connect()
  await other.query('CREATE SCHEMA clerk')
  await other.query('BEGIN; CREATE TABLE clerk.webhook_events ()')
  const lines: string[] = []
  const migrating = migrate(database.url, { onWaiting: (line) => lines.push(line) })
  await expect.poll(() => lines, { timeout: 10_000 }).toHaveLength(1)
  expect(lines[0]).toMatch(
    /^waiting for a lock that session \d+ \(report\) holds; its transaction began at \d{4}-\S+Z$/,
  )
  await other.query('ROLLBACK')
  await other.end()
  expect(await migrating).toEqual(all)
})

test('no connection stays behind', async () => {
  await migrate(database.url)
  expect(
    await query(
      database.url,
      `SELECT query FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    ),
  ).toEqual([])
})

test('the history lies in schema clerk, each migration with the sha256 of its file', async () => {
  await migrate(database.url)
  const history = await query(
    database.url,
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
     FROM clerk._prisma_migrations ORDER BY migration_name`,
  )
  expect(history).toEqual(
    migrationDirectories.map(({ path, migrationFile: { content } }) => ({
      migration_name: path,
      checksum: createHash('sha256').update(content.value).digest('hex'),
      finished: true,
    })),
  )
  const elsewhere = await query(
    database.url,
    `SELECT schemaname FROM pg_tables
     WHERE schemaname NOT IN ('clerk', 'pg_catalog', 'information_schema')`,
  )
  expect(elsewhere).toEqual([])
})

// The last table of the first migration: all that the migration does before has succeeded by then.
const obstacle = 'CREATE SCHEMA clerk; CREATE VIEW clerk.webhook_events AS SELECT 1'

test('a migration that the database refuses is named with the reason, and leaves nothing behind', async () => {
  await query(database.url, obstacle)
  const error = await failure()
  expect(error).toBeInstanceOf(MigrationError)
  expect(error.code).toBe('ERR_MIGRATION')
  expect(error.message).toBe(
    `the database was not migrated: migration ${first} failed: relation "webhook_events" already exists`,
  )
  expect(await relations()).toEqual([
    '_prisma_migrations',
    '_prisma_migrations_pkey',
    'webhook_events',
  ])
  expect(await pendingMigrations(database.url)).toEqual(all)
})

test('after a failed migration the next run says how to resolve it, and doing so helps', async () => {
  await query(database.url, obstacle)
  await failure()
  const { message } = await failure()
  expect(message).toContain(`migration ${first} failed before and must be resolved`)
  expect(message).not.toMatch(/pris\.ly|schema-engine/)

  const [resolve = expect.fail('no statement')] = /UPDATE .*?;/.exec(message) ?? []
  await query(database.url, `DROP VIEW clerk.webhook_events; ${resolve}`)
  expect(await migrate(database.url)).toEqual(all)
  expect(await migrate(database.url)).toEqual([])
})

const waiting = (event: string) =>
  query<{ pid: number }>(
    database.url,
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = '${event}'`,
  )

// A process that was killed in the middle of the first migration; `end` decides over its script.
async function killMidway(end: (script: number, obstruction: Client) => Promise<unknown>) {
  const obstruction = new Client({ connectionString: database.url })
  await obstruction.connect()
  await obstruction.query('CREATE SCHEMA clerk')
  await obstruction.query('BEGIN; CREATE TABLE clerk.webhook_events ()')
  const killed = spawn(process.execPath, [migrateOnce, database.url], { stdio: 'ignore' })
  await expect.poll(() => waiting('transactionid'), { timeout: 10_000 }).toHaveLength(1)
  const [script] = await waiting('transactionid')
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  await end(script?.pid ?? 0, obstruction)
  await obstruction.end()
}

test('the next run waits for a migration whose process was killed, and does all of it', async () => {
  let next: Promise<string[]> | undefined
  await killMidway(async (_, obstruction) => {
    next = migrate(database.url)
    await expect.poll(() => waiting('advisory'), { timeout: 10_000 }).toHaveLength(1)
    await obstruction.query('ROLLBACK')
  })
  expect(await next).toEqual(all)
  expect(await pendingMigrations(database.url)).toEqual([])
})

test('a migration that ended with its process is done again', async () => {
  await killMidway(async (script, obstruction) => {
    await obstruction.query('SELECT pg_terminate_backend($1, 5000)', [script])
    await obstruction.query('ROLLBACK')
  })
  expect(await migrate(database.url)).toEqual(all)
  expect(await pendingMigrations(database.url)).toEqual([])
})

test('limits of the role for short queries do not end a migration', async () => {
  const name = new URL(database.url).pathname.slice(1)
  const other = new Client({ connectionString: database.url })
  await other.connect()
  await query(
    database.url,
    `ALTER DATABASE ${name} SET statement_timeout = '500ms';
     ALTER DATABASE ${name} SET lock_timeout = '500ms';
     ALTER DATABASE ${name} SET idle_in_transaction_session_timeout = '500ms';
     ALTER DATABASE ${name} SET search_path = 'nowhere'`,
  )
  await other.query('SELECT pg_advisory_lock($1)', [0x6d696772])
  const migrating = migrate(database.url)
  await expect.poll(() => waiting('advisory'), { timeout: 10_000 }).toHaveLength(1)
  await sleep(1_000)
  await other.end()
  expect(await migrating).toEqual(all)
})

test("somebody else's tables in schema clerk are left alone, with a message that says so", async () => {
  await query(database.url, 'CREATE SCHEMA clerk; CREATE TABLE clerk.users (id text)')
  const { message } = await failure()
  expect(message).toMatch(/^the database was not migrated: the schema "clerk" holds tables/)
  expect(message).not.toContain('pris.ly')
  expect(await relations()).toEqual(['users'])
})

test.each([
  ['nobody listens', { host: '127.0.0.1:1' }, 'connect ECONNREFUSED 127.0.0.1:1'],
  [
    'the database is missing',
    { pathname: '/nowhere' },
    'database "nowhere" does not exist; the server has no database of the name in DATABASE_URL: ' +
      'create it with CREATE DATABASE, or set the right name: the part behind the last slash',
  ],
])('when %s the error says so in one line without the password', async (_, changes, reason) => {
  const url = Object.assign(new URL(database.url), changes)
  const { message } = await failure(url.href)
  expect(message).toBe(`the database was not migrated: ${reason}`)
  await expect(pendingMigrations(url.href)).rejects.toThrow(reason)
})
