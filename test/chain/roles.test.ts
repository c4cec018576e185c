import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase, removeOldRows } from '@clerk-sync/db'
import { migrate, pendingMigrations } from '@clerk-sync/db/migrate'
import { buildSample } from '@clerk-sync/events/samples'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import { checkQueue, locateQueue, migrateQueue, openQueue } from '@clerk-sync/queue'
import { childEnvironment, createTestDatabase } from '@clerk-sync/testing'
import { Client } from 'pg'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { createChain, outcomesOf } from './chain.ts'

const root = join(import.meta.dirname, '../..')
const rolesSql = readFileSync(join(root, 'packages/db/roles/roles.sql'), 'utf8')
const main = join(root, 'apps/cli/src/main.ts')
const password = 'of-a-role'
const logins = ['clerk_sync_migrate', 'clerk_sync_worker', 'clerk_sync_cli']
// Two more, as an operator makes them.
const app = 'clerk_sync_test_app'
const ingestRole = 'clerk_sync_test_ingest'

async function query(url: string, sql: string): Promise<object[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return [await client.query(sql)].flat().at(-1)?.rows ?? []
  } finally {
    await client.end()
  }
}

/** A database with the roles, whose tables are there before the roles or come after them. */
async function createRoles(first: 'roles' | 'tables') {
  const database = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => database.drop())
  const locate = (url: string) => locateQueue({ redisUrl: undefined, databaseUrl: url })
  if (first === 'tables') {
    await migrate(database.url)
    await migrateQueue(locate(database.url))
  }
  // Twice: it may be run again.
  await query(database.url, rolesSql)
  await query(database.url, rolesSql)
  for (const role of [app, ingestRole]) {
    await query(
      database.url,
      `DO $$ BEGIN IF to_regrole('${role}') IS NULL THEN CREATE ROLE ${role}; END IF; END $$`,
    )
  }
  for (const role of [...logins, app, ingestRole]) {
    await query(database.url, `ALTER ROLE ${role} LOGIN PASSWORD '${password}'`)
  }
  await query(
    database.url,
    `GRANT clerk_sync_read TO ${app}; GRANT clerk_sync_queue TO ${ingestRole}`,
  )
  const urlOf = (role: string) =>
    Object.assign(new URL(database.url), { username: role, password }).href
  await migrate(urlOf('clerk_sync_migrate'))
  await migrateQueue(locate(urlOf('clerk_sync_migrate')))
  const open = (role: string) => {
    const db = createDatabase({ url: urlOf(role), maxConnections: 2 })
    onTestFinished(() => db.close())
    return db
  }
  return { url: database.url, urlOf, queueOf: (role: string) => locate(urlOf(role)), open }
}

const runCli = (args: readonly string[], env: Record<string, string>) =>
  new Promise<{ code: number; output: string }>((resolve) => {
    execFile(
      process.execPath,
      [main, ...args],
      { env: childEnvironment(env) },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    )
  })

describe.each(['roles', 'tables'] as const)('with the %s first', (first) => {
  test('each process does its work with its own role', { timeout: 180_000 }, async () => {
    const { url, urlOf, queueOf, open } = await createRoles(first)
    expect(await pendingMigrations(urlOf('clerk_sync_cli'))).toEqual([])

    // ingest, worker and console, with the queue in PostgreSQL.
    const chain = await createChain('redis')
    onTestFinished(() => chain.close())
    const worker = await chain.startWorker({
      databaseUrl: urlOf('clerk_sync_worker'),
      queue: queueOf('clerk_sync_worker'),
    })
    const ingest = await chain.startIngest({ queue: queueOf(ingestRole) })
    const created = buildSample('user.created')
    const events = [
      await ingest.send(created),
      await ingest.send(buildSample('organization.created')),
      await ingest.send(buildSample('organizationMembership.created')),
      await ingest.send({
        ...buildSample('user.deleted'),
        data: { object: 'user', id: created.data['id'], deleted: true },
      }),
    ]
    const there = { ...chain, databaseUrl: url, db: open('clerk_sync_cli') }
    expect(await outcomesOf(there, events)).toHaveLength(4)
    for (const check of worker.checks) await check.run()
    const consoleQueue = openQueue(queueOf('clerk_sync_cli'), { onError: () => undefined })
    onTestFinished(() => consoleQueue.close())
    await checkQueue(consoleQueue)
    await Promise.all([worker.close(), ingest.close()])

    await query(
      url,
      `INSERT INTO clerk.webhook_events (id, type, outcome, occurred_at, received_at, processed_at)
       SELECT 'msg_old', type, outcome, occurred_at, now() - interval '400 days', processed_at
       FROM clerk.webhook_events LIMIT 1`,
    )
    const { signal } = new AbortController()
    const workerDb = open('clerk_sync_worker')
    expect(await removeOldRows(workerDb, { ledgerRetentionDays: 90 }, signal)).toMatchObject({
      ledgerRows: 1,
    })

    const fake = await createFakeClerk({ generatedUsers: 12, generatedOrganizations: 2 })
    onTestFinished(() => fake.close())
    const clerk = { CLERK_SECRET_KEY: fake.secretKey, CLERK_API_URL: fake.url }
    const cli = { DATABASE_URL: urlOf('clerk_sync_cli'), ...clerk }
    expect(await runCli(['backfill', '--rate', '0'], cli)).toMatchObject({ code: 0 })
    for (const role of ['clerk_sync_cli', 'clerk_sync_worker']) {
      const repair = ['reconcile', '--repair', '--rate', '0', '--max-deletes', '100%']
      expect(await runCli(repair, { ...cli, DATABASE_URL: urlOf(role) })).toMatchObject({ code: 0 })
    }
    const doctor = await runCli(['doctor', '--json'], cli)
    const { checks } = JSON.parse(doctor.output) as { checks: { name: string; status: string }[] }
    for (const name of ['database', 'tables', 'queue', 'failed events', 'last event']) {
      expect(checks.find((check) => check.name === name)).toMatchObject({ status: 'ok' })
    }
    expect(await query(urlOf(app), 'SELECT count(*)::int AS users FROM clerk.users')).toEqual([
      { users: 12 },
    ])
  })

  test('no role does what is not its work, now or with tables of later migrations', async () => {
    const { urlOf } = await createRoles(first)
    await query(urlOf('clerk_sync_migrate'), 'CREATE TABLE clerk.later (id text)')
    for (const role of ['clerk_sync_worker', 'clerk_sync_cli']) {
      await query(urlOf(role), `INSERT INTO clerk.later VALUES ('a'); DELETE FROM clerk.later`)
    }
    expect(await query(urlOf(app), 'SELECT id FROM clerk.later')).toEqual([])

    const writers = ['clerk_sync_worker', 'clerk_sync_cli']
    const others = [...writers, app, ingestRole]
    const refused: [roles: string[], sql: string][] = [
      [others, 'CREATE TABLE clerk.mine (id text)'],
      [others, 'CREATE TABLE clerk_queue.mine (id text)'],
      [others, 'CREATE SCHEMA mine'],
      [others, 'DROP TABLE clerk.users'],
      [others, 'ALTER TABLE clerk.users ADD COLUMN mine text'],
      [others, 'TRUNCATE clerk.users'],
      [others, 'ALTER TABLE clerk.webhook_events DISABLE TRIGGER ALL'],
      [others, 'DELETE FROM clerk._prisma_migrations'],
      [[app], 'DELETE FROM clerk.users'],
      [[app], `INSERT INTO clerk.later VALUES ('a')`],
      [[app], `UPDATE clerk.users SET username = 'mine'`],
      [[app], 'SELECT * FROM clerk_queue.job'],
      [[ingestRole], 'SELECT * FROM clerk.users'],
      [
        ['clerk_sync_cli'],
        `BEGIN; SET LOCAL clerk_sync.retention = 'on'; DELETE FROM clerk.webhook_events`,
      ],
    ]
    for (const [roles, sql] of refused) {
      for (const role of roles) {
        const error = await query(urlOf(role), sql).then(
          () => undefined,
          (reason: { code: string }) => reason.code,
        )
        expect([role, sql, error]).toEqual([role, sql, '42501'])
      }
    }
  })
})
