import { randomBytes } from 'node:crypto'
import { createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import type { Database } from '@clerk-sync/db'
import { prismaOf } from '@clerk-sync/db/prisma'
import { selectKept } from '@clerk-sync/events'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import type { FakeClerk } from '@clerk-sync/fake-clerk'
import { createLogger } from '@clerk-sync/ops/process'
import { migrateQueue, parseRedisUrl } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import { Registry } from 'prom-client'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { beforeEach, expect, inject, onTestFinished, test, vi } from 'vitest'
import { startWorker } from '../src/index.ts'

let url: string
let db: Database
let clerk: FakeClerk
beforeEach(async () => {
  const database = await createMigratedDatabase(migrate)
  url = database.url
  db = createDatabase({ url, maxConnections: 2 })
  clerk = await createFakeClerk()
  return async () => {
    await clerk.close()
    await db.close()
    await database.drop()
  }
})

async function start(queue: QueueLocation, repair: boolean, instanceId?: string) {
  const registry = new Registry()
  const lines: LogLine[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as LogLine)
  const worker = await startWorker(
    {
      HOST: '127.0.0.1',
      OPS_PORT: 1,
      LOG_LEVEL: 'silent',
      SHUTDOWN_TIMEOUT_MS: 10_000,
      databaseUrl: url,
      queue,
      batchSize: 10,
      kept: selectKept(),
      deletionPolicy: 'erase',
      auditValues: false,
      ledgerRetentionDays: 90,
      // Every second one.
      reconcile: {
        cron: '*/2 * * * * *',
        repair,
        maxDeletes: { percent: 1 },
        secretKey: clerk.secretKey,
        apiUrl: clerk.url,
        instanceId,
      },
    },
    { logger: createLogger({ name: 'test', level: 'info' }, { write }), registry },
  )
  let isClosed = false
  const close = async () => {
    if (!isClosed) await worker.close()
    isClosed = true
  }
  onTestFinished(close)
  const logged = (text: string) => lines.find(({ msg }) => msg.startsWith(text))
  return { registry, logged, close }
}

interface LogLine {
  readonly level: string
  readonly msg: string
  readonly reason?: string
  readonly tables?: readonly { readonly table: string; readonly problem?: string }[]
}

async function gauges(registry: Registry, name: string) {
  const metric = registry.getSingleMetric(name)
  return (await metric?.get())?.values ?? []
}

const drift = async (registry: Registry, table: string, kind: string) => {
  const values = await gauges(registry, 'clerk_sync_reconcile_drift_rows')
  return values.find(({ labels }) => labels['table'] === table && labels['kind'] === kind)?.value
}

const locate = async (backend: 'redis' | 'postgres'): Promise<QueueLocation> => {
  const prefix = `{test-${randomBytes(6).toString('hex')}}`
  const queue: QueueLocation =
    backend === 'redis'
      ? { kind: 'redis', address: parseRedisUrl(inject('redisUrl')), prefix }
      : { kind: 'postgres', url, schema: 'clerk_queue' }
  await migrateQueue(queue)
  return queue
}

const longAgo = Date.now() - 3_600_000

test.each(['redis', 'postgres'] as const)(
  'on %s the drift is found on schedule, shown by every worker, and repaired where that is asked for',
  async (backend) => {
    const user = clerk.world.createUser({ created_at: longAgo, updated_at: longAgo })
    const queue = await locate(backend)
    const [one, two] = [await start(queue, false), await start(queue, false)]
    for (const { registry } of [one, two]) {
      await vi.waitFor(async () => expect(await drift(registry, 'users', 'missing')).toBe(1), {
        timeout: 45_000,
      })
    }
    expect(await prismaOf(db).user.count()).toBe(0)
    const [end] = await gauges(one.registry, 'clerk_sync_reconcile_last_run_timestamp_seconds')
    expect(end?.value).toBeGreaterThan(longAgo / 1_000)

    // Whichever is first has the next run.
    await Promise.all([one.close(), two.close()])
    const repairing = await start(queue, true)
    await vi.waitFor(
      async () => expect(await prismaOf(db).user.findMany()).toMatchObject([{ id: user.id }]),
      { timeout: 45_000 },
    )
    await vi.waitFor(
      async () => expect(await drift(repairing.registry, 'users', 'missing')).toBe(0),
      {
        timeout: 45_000,
      },
    )
  },
  150_000,
)

test('a table that can not be compared is an error in the log, and in the metrics until it can', async () => {
  clerk.world.createUser({ created_at: longAgo, updated_at: longAgo })
  const removeFault = clerk.faults.add({ path: '/v1/users', status: 404 })
  const { registry, logged } = await start(await locate('redis'), false)
  const incomplete = async (table: string) => {
    const values = await gauges(registry, 'clerk_sync_reconcile_incomplete')
    return values.find(({ labels }) => labels['table'] === table)?.value
  }
  await vi.waitFor(async () => expect(await incomplete('users')).toBe(1), { timeout: 45_000 })
  expect(await incomplete('organizations')).toBe(0)
  // Whether a user is missing is not known.
  expect(await drift(registry, 'users', 'missing')).toBeUndefined()
  const line = logged('reconcile could not compare or repair everything')
  expect(line?.level).toBe('error')
  const problems = line?.tables?.filter(({ problem }) => problem !== undefined)
  expect(problems).toEqual([
    expect.objectContaining({ table: 'users', problem: expect.stringContaining('/users') }),
  ])

  removeFault()
  await vi.waitFor(async () => expect(await incomplete('users')).toBe(0), { timeout: 45_000 })
  expect(await drift(registry, 'users', 'missing')).toBe(1)
}, 120_000)

test.each([
  ['CLERK_INSTANCE_ID names', 'ins_other', undefined],
  ['the tables are of', undefined, 'ins_other'],
])(
  'the key of another instance than %s compares and writes nothing',
  async (_, named, readFirst) => {
    clerk.world.createUser({ created_at: longAgo, updated_at: longAgo })
    if (readFirst) {
      await prismaOf(db)
        .$executeRaw`INSERT INTO clerk.deployment (id, instance_id) VALUES (1, ${readFirst})`
    }
    const { registry, logged } = await start(await locate('redis'), true, named)
    await vi.waitFor(() => expect(logged('the reconcile failed')).toBeDefined(), {
      timeout: 45_000,
    })
    expect(logged('the reconcile failed')).toMatchObject({
      level: 'error',
      reason: expect.stringMatching(
        /^CLERK_SECRET_KEY is of the instance ins_\w+, .* of ins_other/,
      ),
    })
    expect(clerk.requests.map(({ path }) => path)).toEqual(['/v1/instance'])
    expect(await gauges(registry, 'clerk_sync_reconcile_last_run_timestamp_seconds')).toEqual([])
    expect(await prismaOf(db).user.count()).toBe(0)
  },
  60_000,
)

test('before the first run there is nothing to tell', async () => {
  const { registry } = await start(await locate('redis'), false)
  expect(await gauges(registry, 'clerk_sync_reconcile_drift_rows')).toEqual([])
  expect(await gauges(registry, 'clerk_sync_reconcile_scheduled')).toMatchObject([{ value: 1 }])
})
