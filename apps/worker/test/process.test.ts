import { join } from 'node:path'
import { createDatabase as openDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import { buildEventJob, selectKept } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import {
  createProducer,
  defaultEnqueueTimeoutMs,
  locateQueue,
  migrateQueue,
  openQueue,
} from '@clerk-sync/queue'
import { createTestDatabase, freePort, listenAnywhere, startProcess } from '@clerk-sync/testing'
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest'

const main = join(import.meta.dirname, '../src/main.ts')

/** The worker as a process of its own, with these variables and no others. */
function start(env: Record<string, string>) {
  const started = startProcess(main, env)
  onTestFinished(() => started.kill('SIGKILL'))
  return started
}

async function startReachable(env: Record<string, string>) {
  const port = await freePort()
  const worker = start({ OPS_PORT: String(port), HOST: '127.0.0.1', ...env })
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
  await vi.waitFor(() => expect(worker.output.stdout).toContain('"msg":"started"'), 20_000)
  return {
    ...worker,
    ask,
    async readiness() {
      const response = await ask('/readyz')
      return { status: response.status, ...((await response.json()) as object) }
    },
  }
}

async function createDatabase(): Promise<string> {
  const database = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => database.drop())
  return database.url
}

async function execute(sql: string): Promise<void> {
  const server = openDatabase({ url: inject('databaseUrl'), maxConnections: 1 })
  await server.query(sql)
  await server.close()
}

const ready = { status: 200, ready: true, checks: { queue: 'ok', database: 'ok' } }

describe('with settings that are incomplete or wrong', () => {
  test('it exits with 1 and names what is missing with an example, without a stack', async () => {
    const startedAt = performance.now()
    const worker = start({})
    expect(await worker.exitCode()).toBe(1)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect(worker.output).toEqual({
      stdout: '',
      stderr: [
        'worker did not start: settings are missing:',
        '  DATABASE_URL is not set. Example: DATABASE_URL=postgresql://user:password@localhost:5432/app',
        '',
      ].join('\n'),
    })
  })

  test('it names all that is wrong without showing a value', async () => {
    const worker = start({
      DATABASE_URL: 'mysql://user:s3cret@localhost/app',
      REDIS_URL: 'https://:s3cret@localhost',
      BATCH_SIZE: 's3cret',
    })
    expect(await worker.exitCode()).toBe(1)
    const { stdout, stderr } = worker.output
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'BATCH_SIZE']) {
      expect(stderr).toMatch(new RegExp(`\n  ${name} must be .*Example: ${name}=`))
    }
    expect(stdout + stderr).not.toContain('s3cret')
    expect(stderr).not.toContain('    at ')
  })

  test('it says in one line that its port is in use', async () => {
    const { server, port } = await listenAnywhere()
    onTestFinished(() => void server.close())
    const worker = start({
      DATABASE_URL: 'postgresql://127.0.0.1:1/app',
      HOST: '127.0.0.1',
      OPS_PORT: String(port),
    })
    expect(await worker.exitCode()).toBe(1)
    expect(worker.output.stderr).toBe(
      `worker did not start: port ${port} is in use by another process\n`,
    )
  })
})

describe.each([
  ['PostgreSQL', () => ''],
  // A database of its own: the queue's keys are always the same.
  ['Redis', () => `${inject('redisUrl')}/6`],
])('with its queue on %s', (_, redisUrl) => {
  test('it starts before the migrations, says so at /readyz, and is ready once they are there', async () => {
    const url = await createDatabase()
    const worker = await startReachable({ DATABASE_URL: url, REDIS_URL: redisUrl() })
    await vi.waitFor(
      async () =>
        expect(await worker.readiness()).toMatchObject({
          status: 503,
          ready: false,
          checks: {
            database: expect.stringMatching(
              /^migrations are missing \(.+\): run clerk-sync migrate$/,
            ),
          },
        }),
      20_000,
    )
    expect((await worker.ask('/livez')).status).toBe(200)
    expect(await (await worker.ask('/metrics')).text()).toContain('clerk_sync_worker_database_up 0')

    await migrate(url)
    await migrateQueue(locateQueue({ redisUrl: redisUrl(), databaseUrl: url }))
    await vi.waitFor(async () => expect(await worker.readiness()).toEqual(ready), 25_000)
    await vi.waitFor(
      async () =>
        expect(await (await worker.ask('/metrics')).text()).toContain(
          'clerk_sync_worker_database_up 1',
        ),
      5_000,
    )
    worker.kill('SIGTERM')
    expect(await worker.exitCode()).toBe(0)
  })

  test('SIGTERM makes it exit with 0 while it is idle', async () => {
    const url = await createDatabase()
    await migrate(url)
    await migrateQueue(locateQueue({ redisUrl: redisUrl(), databaseUrl: url }))
    const worker = await startReachable({ DATABASE_URL: url, REDIS_URL: redisUrl() })
    await vi.waitFor(async () => expect(await worker.readiness()).toEqual(ready), 20_000)
    const killedAt = performance.now()
    worker.kill('SIGTERM')
    expect(await worker.exitCode()).toBe(0)
    expect(performance.now() - killedAt).toBeLessThan(5_000)
    expect(worker.output.stderr).toBe('')
  })
})

test.each([
  ['lists', '[', ']', 4_094],
  ['objects', '{"a":', '}', 1_364],
])('metadata of %s nested as deep as 8 KB allow are written', async (_, open, close, depth) => {
  const url = await createDatabase()
  await migrate(url)
  const location = locateQueue({ redisUrl: undefined, databaseUrl: url })
  await migrateQueue(location)
  const worker = await startReachable({ DATABASE_URL: url })
  const queue = openQueue(location, { onError: () => undefined })
  onTestFinished(() => queue.close())
  const nested = JSON.parse(`{"a":${open.repeat(depth)}1${close.repeat(depth)}}`) as unknown
  const sample = buildSample('user.updated')
  const job = buildEventJob(
    selectKept(),
    { ...sample, data: { ...sample.data, unsafe_metadata: nested } },
    { svixId: 'msg_deep', svixTimestamp: 1, receivedAt: Date.now() },
  )
  if (!job) throw new Error('users are left out')
  const { signal } = new AbortController()
  await createProducer(queue).enqueue(job, { timeoutMs: defaultEnqueueTimeoutMs, signal })
  await vi.waitFor(
    async () =>
      expect(await (await worker.ask('/metrics')).text()).toContain(
        'clerk_sync_worker_events_total{type="user.updated",outcome="applied"} 1',
      ),
    20_000,
  )
})

test('it starts while the database is read-only, says so at /readyz, and is ready once it takes writes', async () => {
  const url = await createDatabase()
  await migrate(url)
  await migrateQueue(locateQueue({ redisUrl: undefined, databaseUrl: url }))
  const name = new URL(url).pathname.slice(1)
  await execute(`ALTER DATABASE ${name} SET default_transaction_read_only = on`)
  const worker = await startReachable({ DATABASE_URL: url, REDIS_URL: `${inject('redisUrl')}/6` })
  const problem =
    'the database takes no writes: set DATABASE_URL to the primary, or default_transaction_read_only of the role and the database to off'
  await vi.waitFor(
    async () =>
      expect(await worker.readiness()).toMatchObject({
        status: 503,
        checks: { database: problem },
      }),
    20_000,
  )
  expect(worker.output.stdout).toContain(`"reason":"${problem}"`)

  await execute(`ALTER DATABASE ${name} SET default_transaction_read_only = off`)
  await vi.waitFor(async () => expect(await worker.readiness()).toEqual(ready), 20_000)
  expect(worker.output.stdout).not.toContain('event failed')
}, 60_000)

test('without its database it says so at /readyz, without the password, and still stops', async () => {
  const worker = await startReachable({ DATABASE_URL: 'postgresql://user:s3cret@127.0.0.1:1/app' })
  await vi.waitFor(
    async () =>
      expect(await worker.readiness()).toMatchObject({
        status: 503,
        checks: {
          queue: expect.stringMatching(/\S/),
          database: "its server can't be reached (ECONNREFUSED); the log says more",
        },
      }),
    20_000,
  )
  worker.kill('SIGTERM')
  expect(await worker.exitCode()).toBe(0)
  expect(worker.output.stdout).toContain('connect ECONNREFUSED 127.0.0.1:1')
  expect(worker.output.stdout + worker.output.stderr).not.toContain('s3cret')
})

test.each([
  ['a password that is wrong', (url: URL) => (url.password = 'wr0ng')],
  ['a role that does not exist', (url: URL) => (url.username = 'writer7')],
  ['a database that does not exist', (url: URL) => (url.pathname = '/crm_of_acme')],
])('/readyz names no role, host or database with %s', async (_, change) => {
  const url = new URL(inject('databaseUrl'))
  change(url)
  const worker = await startReachable({ DATABASE_URL: url.href })
  await vi.waitFor(async () => {
    const readiness = await worker.readiness()
    expect(readiness).toMatchObject({
      status: 503,
      checks: { database: expect.stringMatching(/DATABASE_URL.*; the log says more$/) },
    })
    expect(JSON.stringify(readiness)).not.toMatch(
      new RegExp(`writer7|crm_of_acme|${url.hostname}|"postgres"|${url.port}`),
    )
  }, 20_000)
})
