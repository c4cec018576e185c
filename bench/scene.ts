import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { migrate } from '@clerk-sync/db/migrate'
import { createEmbeddedPostgres } from '@clerk-sync/embedded-postgres'
import type { EmbeddedPostgres } from '@clerk-sync/embedded-postgres'
import { createSigningSecret } from '@clerk-sync/events'
import { locateQueue, migrateQueue, openQueue, readQueueDepth } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf, jobOptions } from '@clerk-sync/queue/bullmq'
import { createRedisServer, freePort, provideRedisProgram, withServer } from '@clerk-sync/testing'
import { Redis } from 'ioredis'
import { buildDeliveries, toRequests } from './deliveries.ts'
import { cpuSecondsOfTree, startApp, startBaseline } from './measured-process.ts'
import type { MeasuredProcess } from './measured-process.ts'
import { seedTables } from './tables.ts'

export type Backend = 'redis' | 'postgres'

// The tables are written without a log, and with the 128 MB that PostgreSQL takes by itself: to touch its
// memory for the first time is dearer than the system's cache. No workers, since each table has a connection.
const seedingSettings = {
  wal_level: 'minimal',
  max_wal_senders: '0',
  full_page_writes: 'off',
  max_parallel_maintenance_workers: '0',
}
const measuredSettings = {
  // PostgreSQL's manual recommends a quarter of the memory, and up to 40 %: with 24 GB this is enough for
  // what events meet of 10 million users. Its default is 128 MB.
  shared_buffers: `${Math.floor(totalmem() / 3 / 1024 ** 2)}MB`,
  // So that the time of a commit can be read from its rows, with nothing on the way of an event.
  track_commit_timestamp: 'on',
}
const fillAtOnce = 500
const pollMs = 10

/** The servers of a run, with their usual settings: append-only file, fsync on. */
export interface Scene {
  readonly backend: Backend
  /** The database with the seeded tables. */
  readonly databaseUrl: string
  readonly secret: string
  readonly queue: OpenQueue
  readonly redis: Redis
  /** CPU time of the servers since their start, in seconds. */
  readServerCpu(): Promise<{ postgres: number; redis: number }>
  startIngest(): Promise<{ ingest: MeasuredProcess; url: string }>
  startWorker(): Promise<MeasuredProcess>
  startHandler(name: string): Promise<{ handler: MeasuredProcess; url: string }>
  startBaselineWorker(name: string, concurrency: number): Promise<MeasuredProcess>
  /** The next signed requests, for users spread over the whole table. */
  buildRequests(amount: number, url: string): { svixIds: string[]; requests: Buffer[] }
  /** Puts jobs of the next events into the queue. */
  fill(amount: number): Promise<void>
  /** Empties the queue. */
  clear(): Promise<void>
  /** Resolves when no job is left to do. @throws when a process has ended, or a job has failed. */
  untilDrained(processes: readonly MeasuredProcess[]): Promise<void>
  close(): Promise<void>
}

/** A database of a run, whose tables have so many users. */
export interface SeededDatabase {
  readonly name: string
  readonly users: number
}

/** PostgreSQL with the databases of a run, and Redis. */
export interface Servers {
  /** Whether PostgreSQL has huge pages: it takes them by itself where the system has reserved some. */
  readonly hugePages: boolean
  openScene(backend: Backend, database: SeededDatabase): Promise<Scene>
  close(): Promise<void>
}

/** Seeds the databases, and starts PostgreSQL and Redis on them. */
export async function startServers(
  databases: readonly SeededDatabase[],
  { signal, say }: { signal: AbortSignal; say: (text: string) => void },
): Promise<Servers> {
  const stack = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'clerk-sync-bench-'))
  stack.defer(() => rm(dir, { recursive: true }))
  // Checkpoints are made by time. With the default of 1 GB seeding and a large table make them.
  const startPostgres = (settings: Record<string, string>) =>
    createEmbeddedPostgres({
      dataDir: join(dir, 'data'),
      port: 0,
      password: 'bench',
      settings: { max_wal_size: '16GB', ...settings },
    })
  try {
    const redisProgram = await provideRedisProgram()
    const seeding = await startPostgres(seedingSettings)
    try {
      for (const { name, users } of databases) {
        say(`${users.toLocaleString('en')} users and as many ledger rows are written`)
        const url = urlOfDatabase(seeding.url, name)
        await withServer(seeding.url, (client) => client.query(`CREATE DATABASE ${name}`))
        await migrate(url)
        await seedTables(url, users, signal)
      }
    } finally {
      await seeding.stop()
    }
    const postgres = await startPostgres(measuredSettings)
    stack.defer(() => postgres.stop())
    const redisServer = await createRedisServer(redisProgram)
    stack.defer(() => redisServer.stop())
    const hugePages = await hasHugePages(postgres.url)
    const compileCache = join(dir, 'compiled')
    const servers = { postgres, redisUrl: redisServer.url, compileCache, signal }
    return {
      hugePages,
      openScene: (backend, database) => openScene(servers, backend, database),
      close: () => stack.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

interface Started {
  readonly postgres: EmbeddedPostgres
  readonly redisUrl: string
  readonly compileCache: string
  readonly signal: AbortSignal
}

async function openScene(
  { postgres, redisUrl, compileCache, signal }: Started,
  backend: Backend,
  { name: database, users }: SeededDatabase,
): Promise<Scene> {
  const opened = new AsyncDisposableStack()
  const databaseUrl = urlOfDatabase(postgres.url, database)
  const queueUrl = backend === 'redis' ? redisUrl : undefined
  const location = locateQueue({ redisUrl: queueUrl, databaseUrl })
  await migrateQueue(location)
  const queue = openQueue(location, { onError: () => undefined })
  opened.defer(() => queue.close())
  await bullQueueOf(queue).waitUntilReady()
  const redis = new Redis(redisUrl)
  opened.defer(() => redis.disconnect())
  const secret = createSigningSecret()
  const env = {
    ...(queueUrl === undefined ? {} : { REDIS_URL: queueUrl }),
    DATABASE_URL: databaseUrl,
    CLERK_WEBHOOK_SIGNING_SECRET: secret,
    // A process starts in two thirds of the time, and a worker drains a queue as fast as without.
    NODE_COMPILE_CACHE: compileCache,
  }
  // Whoever starts one stops it; those that an error or Ctrl-C has left end with the scene.
  const started = (starting: Promise<MeasuredProcess>) => {
    opened.defer(async () => (await starting.catch(() => undefined))?.stop())
    return starting
  }
  const urlOf = (port: number) => `http://127.0.0.1:${port}/api/webhooks/clerk`
  return {
    backend,
    databaseUrl,
    secret,
    queue,
    redis,
    async readServerCpu() {
      const info = await redis.info('cpu')
      const used = [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)]
      const redisSeconds = used.reduce((sum, [, seconds]) => sum + Number(seconds), 0)
      return { postgres: cpuSecondsOfTree(postgres.pid), redis: redisSeconds }
    },
    async startIngest() {
      const port = await freePort()
      return {
        ingest: await started(startApp('ingest', { ...env, PORT: `${port}` }, signal)),
        url: urlOf(port),
      }
    },
    startWorker: () => started(startApp('worker', env, signal)),
    async startHandler(name) {
      const port = await freePort()
      const handler = await started(startBaseline(name, { ...env, PORT: `${port}` }, signal))
      return { handler, url: urlOf(port) }
    },
    startBaselineWorker: (name, concurrency) =>
      started(startBaseline(name, { ...env, CONCURRENCY: `${concurrency}` }, signal)),
    buildRequests(amount, url) {
      const deliveries = buildDeliveries(amount, users)
      const svixIds = deliveries.map(({ svixId }) => svixId)
      return { svixIds, requests: toRequests(deliveries, url, secret) }
    },
    async fill(amount) {
      const deliveries = buildDeliveries(amount, users)
      for (let start = 0; start < amount; start += fillAtOnce) {
        const jobs = deliveries.slice(start, start + fillAtOnce).map(({ svixId, job }) => ({
          name: job.type,
          data: job,
          opts: { ...jobOptions, jobId: svixId },
        }))
        await bullQueueOf(queue).addBulk(jobs)
      }
    },
    async clear() {
      if (backend === 'redis') await redis.flushall()
      else await bullQueueOf(queue).obliterate({ force: true })
    },
    async untilDrained(processes) {
      for (;;) {
        signal.throwIfAborted()
        for (const one of processes) one.assertRunning()
        const { waiting, active, delayed, failed } = await readQueueDepth(queue)
        // A figure says something only if the work was done.
        if (failed > 0) throw new Error(`${failed} jobs failed`)
        if (waiting + active + delayed === 0) return
        await sleep(pollMs)
      }
    },
    close: () => opened.disposeAsync(),
  }
}

function urlOfDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = name
  return url.href
}

async function hasHugePages(url: string): Promise<boolean> {
  return await withServer(url, async (client) => {
    const { rows } = await client.query<{ huge_pages_status: string }>('SHOW huge_pages_status')
    return rows[0]?.huge_pages_status === 'on'
  })
}
