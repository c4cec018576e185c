import { randomBytes } from 'node:crypto'
import { createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import type { Database } from '@clerk-sync/db'
import { selectKept } from '@clerk-sync/events'
import { createLogger } from '@clerk-sync/ops/process'
import { parseRedisUrl } from '@clerk-sync/queue'
import { Registry } from 'prom-client'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { beforeEach, expect, inject, onTestFinished, test, vi } from 'vitest'
import { startWorker } from '../src/index.ts'

let url: string
let db: Database
beforeEach(async () => {
  const database = await createMigratedDatabase(migrate)
  url = database.url
  db = createDatabase({ url, maxConnections: 2 })
  return async () => {
    await db.close()
    await database.drop()
  }
})

/** Events that were received so many days ago. */
async function addEvents(days: number, count: number): Promise<void> {
  await db.query(`
    INSERT INTO clerk.webhook_events (id, type, outcome, occurred_at, received_at)
    SELECT 'msg_${days}_' || n, 'user.updated', 'applied', received_at, received_at
    FROM generate_series(1, ${count}) AS n, (SELECT now() - interval '${days} days') AS t(received_at)`)
}

/** Tombstones that were written so many days ago. */
async function addTombstones(days: number, count: number): Promise<void> {
  await db.query(`
    INSERT INTO clerk.tombstones (entity, id, deleted_at, recorded_at)
    SELECT 'user', 'user_${days}_' || n, recorded_at, recorded_at
    FROM generate_series(1, ${count}) AS n, (SELECT now() - interval '${days} days') AS t(recorded_at)`)
}

/** How many rows there are of each age in days, as it is in their ids. */
async function agesIn(table: string): Promise<Record<string, number>> {
  const rows = await db.query<{ days: string; count: number }>(
    `SELECT split_part(id, '_', 2) AS days, count(*)::int FROM clerk.${table} GROUP BY 1`,
  )
  return Object.fromEntries(rows.map(({ days, count }) => [days, count]))
}

async function start(settings: { ledgerRetentionDays?: number; log?: string[] } = {}) {
  const { ledgerRetentionDays = 90, log = [] } = settings
  const registry = new Registry()
  const prefix = `{test-${randomBytes(6).toString('hex')}}`
  const worker = await startWorker(
    {
      HOST: '127.0.0.1',
      OPS_PORT: 1,
      LOG_LEVEL: 'info',
      SHUTDOWN_TIMEOUT_MS: 10_000,
      databaseUrl: url,
      queue: { kind: 'redis', address: parseRedisUrl(inject('redisUrl')), prefix },
      batchSize: 10,
      kept: selectKept(),
      deletionPolicy: 'erase',
      auditValues: false,
      ledgerRetentionDays,
    },
    {
      logger: createLogger({ name: 'test', level: 'info' }, { write: (line) => log.push(line) }),
      registry,
    },
  )
  onTestFinished(() => worker.close())
  return {
    ...worker,
    /** What clerk_sync_worker_rows_removed_total says, by table; a table without a series is absent. */
    async removed(): Promise<Record<string, number>> {
      const metric = await registry.getSingleMetric('clerk_sync_worker_rows_removed_total')?.get()
      const series = metric?.values ?? []
      return Object.fromEntries(series.map(({ labels, value }) => [labels['table'], value]))
    },
  }
}

const within = { timeout: 20_000, interval: 20 }

test('a worker that starts removes ledger rows older than LEDGER_RETENTION_DAYS, and no others', async () => {
  // More than fit into two chunks.
  await addEvents(91, 5_000)
  await addEvents(400, 10)
  await addEvents(89, 30)
  await addEvents(0, 20)
  const log: string[] = []
  const worker = await start({ log })
  await vi.waitFor(
    async () => expect(await worker.removed()).toEqual({ webhook_events: 5_010, tombstones: 0 }),
    within,
  )
  expect(await agesIn('webhook_events')).toEqual({ 89: 30, 0: 20 })
  await vi.waitFor(() => expect(log.join('')).toContain('"ledgerRows":5010,"tombstones":0'), within)
})

test('it keeps ledger rows for as long as it is told to', async () => {
  await addEvents(91, 3)
  await addEvents(364, 4)
  await addEvents(366, 5)
  const worker = await start({ ledgerRetentionDays: 365 })
  await vi.waitFor(
    async () => expect(await worker.removed()).toEqual({ webhook_events: 5, tombstones: 0 }),
    within,
  )
  expect(await agesIn('webhook_events')).toEqual({ 91: 3, 364: 4 })
})

test('tombstones stay longer than the ledger, 400 days by default', async () => {
  await addTombstones(91, 7)
  await addTombstones(399, 8)
  await addTombstones(401, 2_500)
  const worker = await start()
  await vi.waitFor(
    async () => expect(await worker.removed()).toEqual({ webhook_events: 0, tombstones: 2_500 }),
    within,
  )
  expect(await agesIn('tombstones')).toEqual({ 91: 7, 399: 8 })
})

test('where nothing is old nothing goes', async () => {
  await addEvents(1, 3)
  await addTombstones(1, 3)
  const log: string[] = []
  const worker = await start({ log })
  await vi.waitFor(
    async () => expect(await worker.removed()).toEqual({ webhook_events: 0, tombstones: 0 }),
    within,
  )
  expect([await agesIn('webhook_events'), await agesIn('tombstones')]).toEqual([{ 1: 3 }, { 1: 3 }])
  expect(log.join('')).not.toContain('old rows removed')
})

test('of two workers at once each row is removed by one', async () => {
  await addEvents(100, 9_000)
  await addEvents(10, 50)
  await addTombstones(500, 4_500)
  const workers = await Promise.all([start(), start()])
  const total = async () => {
    const counts = await Promise.all(workers.map((worker) => worker.removed()))
    const sum = (table: string) => counts.reduce((all, one) => all + (one[table] ?? 0), 0)
    return [sum('webhook_events'), sum('tombstones')]
  }
  await vi.waitFor(async () => expect(await total()).toEqual([9_000, 4_500]), within)
  expect(await agesIn('webhook_events')).toEqual({ 10: 50 })
  expect(await agesIn('tombstones')).toEqual({})
})
