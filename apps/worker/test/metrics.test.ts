import { createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import { buildEventJob, selectKept } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { createLogger } from '@clerk-sync/ops/process'
import {
  createProducer,
  defaultEnqueueTimeoutMs,
  locateQueue,
  migrateQueue,
  openQueue,
} from '@clerk-sync/queue'
import { Registry } from 'prom-client'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startWorker } from '../src/index.ts'

const kept = selectKept()

async function openWorker() {
  const database = await createMigratedDatabase(migrate)
  onTestFinished(() => database.drop())
  const queue = locateQueue({ redisUrl: undefined, databaseUrl: database.url })
  await migrateQueue(queue)
  const registry = new Registry()
  const config = {
    OPS_PORT: 1,
    LOG_LEVEL: 'silent',
    SHUTDOWN_TIMEOUT_MS: 10_000,
    HOST: '127.0.0.1',
    databaseUrl: database.url,
    queue,
    batchSize: 50,
    kept,
    deletionPolicy: 'erase',
    auditValues: false,
    ledgerRetentionDays: 90,
  } as const
  const logger = createLogger({ name: 'test', level: 'silent' })
  const worker = await startWorker(config, { logger, registry })
  onTestFinished(() => worker.close())
  const opened = openQueue(queue, { onError: () => undefined })
  onTestFinished(() => opened.close())
  const producer = createProducer(opened)
  return {
    url: database.url,
    worker,
    scrape: () => readSamples(registry),
    enqueue: async (svixId: string) => {
      const delivery = { svixId, svixTimestamp: 1, receivedAt: Date.now() }
      const job = buildEventJob(kept, buildSample('user.created'), delivery)
      if (!job) throw new Error('users are left out')
      const { signal } = new AbortController()
      await producer.enqueue(job, { timeoutMs: defaultEnqueueTimeoutMs, signal })
    },
  }
}

async function readSamples(registry: Registry): Promise<Map<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => /^\w/.test(line))
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ')
      const name = line.slice(0, space).replace(/^clerk_sync_(worker_)?/, '')
      return [name, Number(line.slice(space + 1))]
    }),
  )
}

test('a worker says how loaded it is, and how many attempts an event took', async () => {
  const { url, enqueue, scrape } = await openWorker()
  const before = await scrape()
  expect(before.get('concurrency')).toBe(150)
  expect(before.get('jobs_in_progress')).toBe(0)
  expect(before.get('database_connections_max')).toBe(5)
  expect(before.get('database_connection_waiters')).toBe(0)
  expect(before.get('failures_total{type="role.deleted",final="true"}')).toBe(0)
  expect(before.get('events_total{type="role.deleted",outcome="applied"}')).toBe(0)
  expect(before.get('rows_removed_total{table="tombstones"}')).toBe(0)

  const db = createDatabase({ url, maxConnections: 2 })
  onTestFinished(() => db.close())
  await db.query('ALTER TABLE clerk.users ADD CONSTRAINT refused CHECK (false) NOT VALID')
  await enqueue('msg_1')
  await vi.waitFor(
    async () =>
      expect((await scrape()).get('failures_total{type="user.created",final="false"}')).toBe(1),
    10_000,
  )
  await db.query('ALTER TABLE clerk.users DROP CONSTRAINT refused')
  await vi.waitFor(
    async () =>
      expect((await scrape()).get('events_total{type="user.created",outcome="applied"}')).toBe(1),
    10_000,
  )
  const after = await scrape()
  expect(after.get('attempts_sum')).toBe(2)
  // It waited only to be tried again.
  expect(after.get('queue_wait_seconds_count')).toBe(0)
  expect(after.get('event_to_row_seconds_count')).toBe(1)
  expect(after.get('jobs_in_progress')).toBe(0)

  await enqueue('msg_2')
  await vi.waitFor(async () => expect((await scrape()).get('queue_wait_seconds_count')).toBe(1))
})

test('an event that waits for its write is in progress, and its connection in use', async () => {
  const { url, enqueue, scrape } = await openWorker()
  const db = createDatabase({ url, maxConnections: 2 })
  onTestFinished(() => db.close())
  await vi.waitFor(async () => expect((await scrape()).get('database_up')).toBe(1), 10_000)
  await db.transaction(async (tx) => {
    await tx.execute('LOCK TABLE clerk.users IN ACCESS EXCLUSIVE MODE')
    await enqueue('msg_1')
    await vi.waitFor(async () => {
      const samples = await scrape()
      expect(samples.get('jobs_in_progress')).toBe(1)
      expect(samples.get('database_connections{state="active"}')).toBeGreaterThanOrEqual(1)
    }, 10_000)
  })
  await vi.waitFor(async () => expect((await scrape()).get('jobs_in_progress')).toBe(0), 10_000)
})

test('a database that was put back to an older release is told at once, though nothing is written', async () => {
  const { url, worker, scrape } = await openWorker()
  const ready = () => worker.checks.find(({ name }) => name === 'database')?.run()
  await vi.waitFor(() => ready(), 10_000)
  await vi.waitFor(async () => expect((await scrape()).get('database_up')).toBe(1), 5_000)
  const db = createDatabase({ url, maxConnections: 1 })
  onTestFinished(() => db.close())
  await db.query(`DELETE FROM clerk._prisma_migrations WHERE migration_name LIKE '%backfill'`)
  await expect(ready()).rejects.toThrow(/^migrations are missing \(\d+_backfill\): run clerk-sync/)
  await vi.waitFor(async () => expect((await scrape()).get('database_up')).toBe(0), 5_000)
  await db.query('DROP TABLE clerk._prisma_migrations')
  await expect(ready()).rejects.toThrow(/^migrations are missing \(\d+_init, /)
})
