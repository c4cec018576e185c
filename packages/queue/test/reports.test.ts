import { createLogger } from '@clerk-sync/ops/process'
import { createTestDatabase } from '@clerk-sync/testing'
import { Client } from 'pg'
import { Counter, Histogram, Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { bullQueueOf } from '../src/bullmq.ts'
import {
  checkQueue,
  createFiguresReader,
  locateQueue,
  migrateQueue,
  openQueue,
  pendingQueueMigrations,
  readProcesses,
  reportProcess,
} from '../src/index.ts'
import type { OpenQueue, QueueLocation } from '../src/index.ts'
import { redisClientOf } from '../src/redis-connection.ts'
import { reportStoreOf } from '../src/reports/report-store.ts'
import { buildEvent, openProducer } from './open-ends.ts'
import { forms, locate } from './redis-forms.ts'

interface Place {
  readonly locate: () => Promise<QueueLocation>
  readonly stop: () => Promise<unknown>
}

async function startCluster(): Promise<Place> {
  const found = forms.find(([name]) => name === 'a cluster')
  if (!found) throw new Error('there is no cluster')
  const cluster = await found[1]()
  return { locate: async () => locate(cluster.url), stop: () => cluster.stop() }
}

async function createPostgres(): Promise<Place> {
  const database = await createTestDatabase(inject('databaseUrl'))
  const location = locateQueue({ redisUrl: undefined, databaseUrl: database.url })
  return {
    async locate() {
      await migrateQueue(location)
      await withClient(database.url, (client) =>
        client.query(
          'TRUNCATE clerk_queue.clerk_sync_processes; TRUNCATE clerk_queue.clerk_sync_figures',
        ),
      )
      return location
    },
    stop: () => database.drop(),
  }
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

const places: [name: string, start: () => Promise<Place>][] = [
  ['Redis', async () => ({ locate: async () => locate(inject('redisUrl')), stop: async () => {} })],
  ['a Redis Cluster', startCluster],
  ['PostgreSQL', createPostgres],
]

function open(location: QueueLocation): OpenQueue {
  const opened = openQueue(location, { onError: () => undefined })
  onTestFinished(() => opened.close())
  return opened
}

const passing = { name: 'queue', run: async () => undefined }

/** A process with metrics of its own, of which some are those of a worker and of ingest. */
function startProcess(
  opened: OpenQueue,
  app: Partial<Parameters<typeof reportProcess>[2]> = {},
  write: (line: string) => void = () => undefined,
) {
  const registry = new Registry()
  const registers = [registry]
  const events = new Counter({
    name: 'clerk_sync_worker_events_total',
    help: '.',
    labelNames: ['type', 'outcome'],
    registers,
  })
  const ack = new Histogram({
    name: 'clerk_sync_ingest_ack_seconds',
    help: '.',
    labelNames: ['outcome'],
    buckets: [0.001, 0.01, 1],
    registers,
  })
  const repeated = new Counter({
    name: 'clerk_sync_ingest_duplicates_total',
    help: '.',
    registers,
  })
  const ops = { registry, logger: createLogger({ name: 'test', level: 'warn' }, { write }) }
  const join = (name: string) =>
    reportProcess(ops, opened, { name, checks: [passing], ...app }, { everyMs: 50 })
  const reporting = join(app.name ?? 'worker')
  onTestFinished(() => reporting.stop())
  return { events, ack, repeated, join, reporting }
}

async function untilReported(opened: OpenQueue, count: number) {
  return await vi.waitFor(async () => {
    const found = await readProcesses(opened)
    expect(found).toHaveLength(count)
    return found
  }, 10_000)
}

async function sumOf(opened: OpenQueue): Promise<Record<string, number>> {
  const sum: Record<string, number> = {}
  for (const { counts } of (await createFiguresReader(opened)()).values()) {
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count
  }
  return sum
}

describe.each(places)('in a queue on %s', (name, start) => {
  let place: Place
  beforeAll(async () => {
    place = await start()
  })
  afterAll(() => place.stop())

  test('a process is seen with what it lacks, and is gone when it has stopped', async () => {
    const opened = open(await place.locate())
    const failing = { name: 'database', run: () => Promise.reject(new Error('run migrate')) }
    const worker = startProcess(opened, { checks: [passing, failing] })
    const ingest = startProcess(opened, { name: 'ingest', secrets: ['0a1b2c3d'], processes: 4 })
    const [first, second] = await untilReported(opened, 2)
    const found = first?.apps[0] === 'worker' ? first : second
    expect(found?.checks).toEqual([
      { app: 'worker', name: 'queue' },
      { app: 'worker', name: 'database', problem: 'run migrate' },
    ])
    expect(found).toMatchObject({ pid: process.pid, processes: 1 })
    expect(found?.ageMs).toBeLessThan(60_000)
    await worker.reporting.stop()
    const [left] = await untilReported(opened, 1)
    expect(left).toMatchObject({ apps: ['ingest'], secrets: ['0a1b2c3d'], processes: 4 })
    await ingest.reporting.stop()
    await untilReported(opened, 0)
  })

  test('apps of one process are one report, until the last of them has stopped', async () => {
    const opened = open(await place.locate())
    const { join, reporting } = startProcess(opened)
    const console = join('console')
    await vi.waitFor(async () => {
      expect((await readProcesses(opened))[0]?.apps).toEqual(['worker', 'console'])
    }, 10_000)
    await reporting.stop()
    await vi.waitFor(async () => {
      expect((await readProcesses(opened))[0]?.apps).toEqual(['console'])
    })
    await console.stop()
    await untilReported(opened, 0)
  })

  test('what several processes count is added up once, also what they count while they stop', async () => {
    const opened = open(await place.locate())
    const one = startProcess(opened)
    const other = startProcess(opened)
    await untilReported(opened, 2)
    const read = createFiguresReader(opened)
    await read()
    for (let n = 0; n < 300; n++) {
      const { events, ack, repeated } = n % 2 === 0 ? one : other
      if (n % 50 === 0) repeated.inc()
      events.inc({ type: `type ${n % 3}`, outcome: n % 10 === 0 ? 'stale' : 'applied' })
      ack.observe({ outcome: 'accepted' }, [0.0005, 0.005, 5][n % 3] ?? 0)
      ack.observe({ outcome: 'overloaded' }, 0.5)
      if (n % 100 === 0) await new Promise(setImmediate)
    }
    await one.reporting.stop()
    await other.reporting.stop()
    const expected = {
      'outcomes.applied': 270,
      'outcomes.stale': 30,
      'repeated.all': 6,
      'ack.0:0.001': 100,
      'ack.0.001:0.01': 100,
      'ack.1:+Inf': 100,
    }
    expect(await sumOf(opened)).toEqual(expected)
    // A reader that was there from the start sees the same.
    const counts = [...(await read()).values()].map((minute) => minute.counts['outcomes.applied'])
    expect(counts.reduce<number>((sum, count = 0) => sum + count, 0)).toBe(270)
  })

  test('how much waits is sampled once a minute, in one of all processes', async () => {
    const location = await place.locate()
    const { enqueue, opened } = openProducer(location)
    await enqueue(buildEvent())
    await enqueue(buildEvent())
    startProcess(opened)
    startProcess(opened)
    const minutes = await vi.waitFor(async () => {
      const sampled = [...(await createFiguresReader(opened)()).values()]
      expect(sampled.some(({ queue }) => queue !== undefined)).toBe(true)
      return sampled
    }, 10_000)
    expect(minutes.at(-1)?.queue).toMatchObject({ waiting: 2, failed: 0 })
    expect(minutes.at(-1)?.queue?.oldestMs).toBeGreaterThan(0)
    expect(await reportStoreOf(opened).claimMinute(minutes.at(-1)?.minute ?? 0, 'queue')).toBe(
      false,
    )
  })
})

test('Redis forgets a silent process after 90 s, and figures after 26 hours', async () => {
  const opened = open(locate(inject('redisUrl')))
  const { events, reporting } = startProcess(opened)
  const [found] = await untilReported(opened, 1)
  events.inc({ type: 'user.created', outcome: 'applied' })
  await reporting.stop()
  await reportStoreOf(opened).announce('silent', JSON.stringify(found))
  const redis = redisClientOf(bullQueueOf(opened))
  const prefix = bullQueueOf(opened).opts.prefix ?? ''
  expect(await redis?.pttl(`${prefix}:process:silent`)).toBeGreaterThan(80_000)
  const hour = Math.floor(Date.now() / 3_600_000)
  expect(await redis?.ttl(`${prefix}:figures:${hour}`)).toBeGreaterThan(25 * 3_600)
  await redis?.pexpire(`${prefix}:process:silent`, 1)
  await untilReported(opened, 0)
  expect(await redis?.smembers(`${prefix}:processes`)).toEqual([])
})

test('PostgreSQL forgets both when the next minute is counted', async () => {
  const postgres = await createPostgres()
  onTestFinished(() => postgres.stop().then(() => undefined))
  const location = await postgres.locate()
  const opened = open(location)
  const store = await vi.waitFor(async () => {
    await reportStoreOf(opened).announce('silent', '{}')
    return reportStoreOf(opened)
  }, 10_000)
  const now = Math.floor(Date.now() / 60_000)
  const old = now - 25 * 60 - 1
  await store.saveMinutes('one', new Map([old, now].map((minute) => [minute, '{}'])))
  if (location.kind !== 'postgres') throw new Error('this is not PostgreSQL')
  const left = await withClient(location.url, async (client) => {
    await client.query(
      `UPDATE clerk_queue.clerk_sync_processes SET seen_at = now() - interval '91 s'`,
    )
    expect(await store.readReports()).toEqual([])
    expect(await store.claimMinute(now, 'queue')).toBe(true)
    const { rows } = await client.query(`
      SELECT minute::text AS what FROM clerk_queue.clerk_sync_figures WHERE source = 'one'
      UNION ALL SELECT id FROM clerk_queue.clerk_sync_processes`)
    return rows
  })
  expect(left).toEqual([{ what: String(now) }])
})

test('what a process counts during an outage of the queue is written after it', async () => {
  const [, startStandalone] = forms[0] ?? []
  const redis = await startStandalone?.()
  if (!redis) throw new Error('there is no Redis')
  onTestFinished(() => redis.stop())
  const location = locate(redis.url)
  const opened = open(location)
  const lines: string[] = []
  const { events } = startProcess(opened, {}, (line) => lines.push(line))
  await untilReported(opened, 1)
  await redis.kill(location.prefix)
  events.inc({ type: 'user.created', outcome: 'applied' }, 7)
  await redis.restart(location.prefix)
  await vi.waitFor(async () => expect((await sumOf(opened))['outcomes.applied']).toBe(7), 15_000)
  // The log of the queue's connections tells a short outage.
  expect(lines).toEqual([])
})

test('what a process finds before its first connection to the queue is not reported', async () => {
  const [, startStandalone] = forms[0] ?? []
  const redis = await startStandalone?.()
  if (!redis) throw new Error('there is no Redis')
  onTestFinished(() => redis.stop())
  const location = locate(redis.url)
  await redis.kill(location.prefix)
  const opened = open(location)
  const connected = new Promise((resolve) =>
    redisClientOf(bullQueueOf(opened))?.once('ready', resolve),
  )
  const queue = { name: 'queue', run: () => checkQueue(opened) }
  const late = { name: 'late', run: async () => void (await connected) }
  startProcess(opened, { checks: [queue, late] })
  await redis.restart(location.prefix)
  const [found] = await untilReported(open(location), 1)
  expect(found?.checks).toEqual([
    { app: 'worker', name: 'queue' },
    { app: 'worker', name: 'late' },
  ])
})

test('a queue in PostgreSQL that lacks the tables has a migration pending', async () => {
  const postgres = await createPostgres()
  onTestFinished(() => postgres.stop().then(() => undefined))
  const location = await postgres.locate()
  expect(await pendingQueueMigrations(location)).toBe(0)
  if (location.kind !== 'postgres') throw new Error('this is not PostgreSQL')
  await withClient(location.url, (client) =>
    client.query('DROP TABLE clerk_queue.clerk_sync_figures'),
  )
  expect(await pendingQueueMigrations(location)).toBe(1)
  await Promise.all([migrateQueue(location), migrateQueue(location)])
  expect(await pendingQueueMigrations(location)).toBe(0)
})
