import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase } from '@clerk-sync/db'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import {
  childEnvironment,
  createPgBouncer,
  createTestDatabase,
  freePort,
} from '@clerk-sync/testing'
import type { PgBouncerOptions } from '@clerk-sync/testing'
import { examine } from './doctor/scene.ts'
import { expect, inject, onTestFinished, test, vi } from 'vitest'

const main = join(import.meta.dirname, '../src/main.ts')

/** A database of its own, and PgBouncer in front of it. */
async function createPooled(options?: PgBouncerOptions) {
  const database = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => database.drop())
  const bouncer = await createPgBouncer(inject('databaseUrl'), options)
  onTestFinished(() => bouncer.stop())
  const direct = createDatabase({ url: database.url, maxConnections: 1 })
  onTestFinished(() => direct.close())
  const dir = await mkdtemp(join(tmpdir(), 'clerk-sync-pooler-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const query = <Row extends object>(sql: string) => direct.query<Row>(sql)
  const pooledUrl = `${bouncer.through(database.url)}?pgbouncer=true`
  const start = (args: readonly string[], env: Record<string, string>) =>
    startCommand(dir, args, {
      DATABASE_URL: pooledUrl,
      ...env,
    })
  return { query, start, pooledUrl }
}

function startCommand(dir: string, args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: dir,
    env: childEnvironment(env),
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const output = { text: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output.text += text))
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output: output.text }))
  })
  return { output, ended, kill: (signal: NodeJS.Signals) => child.kill(signal) }
}

const locks = `SELECT objid::text FROM pg_locks WHERE locktype = 'advisory'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

test('behind PgBouncer in transaction mode it migrates, runs, backfills and reconciles', async () => {
  // So few that sessions are shared all the time.
  const { query, start } = await createPooled({ poolSize: 2 })
  const fake = await createFakeClerk({ generatedUsers: 700, generatedOrganizations: 3 })
  onTestFinished(() => fake.close())
  const env = {
    // A database of its own: the queue's keys are always the same.
    REDIS_URL: `${inject('redisUrl')}/11`,
    CLERK_SECRET_KEY: fake.secretKey,
    CLERK_API_URL: fake.url,
  }
  const run = (...args: string[]) => start(args, env).ended
  const both = await Promise.all([run('migrate'), run('migrate')])
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  expect(await run('migrate')).toEqual({
    code: 0,
    output: 'nothing to migrate: the database is up to date\n',
  })
  expect(await query(locks)).toEqual([])

  const ports = { PORT: await freePort(), OPS_PORT: await freePort(), BOARD_PORT: await freePort() }
  const texts = Object.entries(ports).map(([name, port]) => [name, String(port)] as const)
  const running = start(['start'], { ...env, ...Object.fromEntries(texts) })
  await vi.waitFor(() => expect(running.output.text).toContain('Ctrl-C stops'), 60_000)
  expect(await run('trigger', 'user.created', '--count', '5', '--timeout', '30000')).toMatchObject({
    code: 0,
  })

  expect(await run('backfill', '--rate', '0')).toMatchObject({ code: 0 })
  expect(await query(`SELECT count(*)::int AS users FROM clerk.users`)).toEqual([{ users: 705 }])
  await query(`DELETE FROM clerk.users WHERE id IN (
    SELECT user_id FROM clerk.organization_memberships LIMIT 3) RETURNING id`)
  const reconcile = await run('reconcile', '--rate', '0')
  expect(reconcile).toMatchObject({ code: 3 })
  expect(await run('reconcile', '--repair', '--rate', '0', '--max-deletes', '100%')).toMatchObject({
    code: 0,
  })
  expect(await run('reconcile', '--rate', '0')).toMatchObject({ code: 0 })
  running.kill('SIGINT')
  expect(await running.ended).toMatchObject({ code: 0 })
  expect(await query(locks)).toEqual([])
}, 400_000)

test('start and doctor refuse a queue in PostgreSQL behind it, and say what to do', async () => {
  const { start, pooledUrl } = await createPooled()
  const refused = await start(['start'], {}).ended
  expect(refused).toMatchObject({
    code: 1,
    output: expect.stringMatching(
      /the queue in PostgreSQL needs sessions of its own, .*: set DATABASE_URL to the server itself, or set REDIS_URL/,
    ),
  })
  const { resultOf } = await examine({ DATABASE_URL: pooledUrl }, { timeoutMs: 60_000 })
  expect(resultOf('queue')).toMatchObject({
    status: 'problem',
    found: 'a connection pooler shares the sessions',
    cure: 'set DATABASE_URL to the server itself, or set REDIS_URL to keep the queue in Redis',
  })
}, 120_000)
