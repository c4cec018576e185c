import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createDatabase, migrate } from '@clerk-sync/db'
import { createEmbeddedPostgres } from '@clerk-sync/embedded-postgres'
import { createSigningSecret } from '@clerk-sync/events'
import { locateQueue, openQueue, readQueueDepth } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import {
  createRedisServer,
  createTestDatabase,
  freePort,
  provideRedisProgram,
} from '@clerk-sync/testing'
import { drainQueue } from './drain-queue.ts'
import { fillQueue } from './fill-queue.ts'
import { startApp } from './measured-app.ts'

const help = `Usage: node bench/throughput.ts [options]

Measures ingest and worker, each a process of its own, with a Redis and a PostgreSQL 18 that are
started for it: fills the queue with user.created while no worker runs, lets workers drain it, and
prints a table. Needs redis-server or valkey-server, or Debian's package.

  --events <n>     events per round (20000)
  --workers <n>    rounds with 1 to n workers (2)
  --at-once <n>    deliveries under way at once (32)
  --help
`

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '20000' },
    workers: { type: 'string', default: '2' },
    'at-once': { type: 'string', default: '32' },
    help: { type: 'boolean', default: false },
  },
})

const settings = {
  events: readCount('events'),
  workers: readCount('workers'),
  atOnce: readCount('at-once'),
}
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => stopping.abort(new Error('stopped')))
}

if (values.help) process.stdout.write(help)
else await measureAll()

function readCount(option: 'events' | 'workers' | 'at-once'): number {
  const value = Number(values[option])
  if (Number.isInteger(value) && value >= 1) return value
  process.stderr.write(`--${option} must be a whole number, 1 or more\n`)
  return process.exit(1)
}

async function measureAll(): Promise<void> {
  await using servers = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'clerk-sync-bench-'))
  servers.defer(() => rm(dir, { recursive: true }))
  const place = { dataDir: join(dir, 'data'), port: 0, password: 'bench' }
  const postgres = servers.adopt(await createEmbeddedPostgres(place), (server) => server.stop())
  const redis = servers.adopt(await createRedisServer(await provideRedisProgram()), (server) =>
    server.stop(),
  )
  const location = locateQueue({ redisUrl: redis.url, databaseUrl: undefined })
  const queue = servers.adopt(openQueue(location, { onError: () => undefined }), (opened) =>
    opened.close(),
  )
  await bullQueueOf(queue).waitUntilReady()

  say(`${cpus().length} cores, ${cpus()[0]?.model ?? ''}; load before: ${load()}\n`)
  say('| what | rate | CPU for each | memory at most | load |')
  say('| --- | --- | --- | --- | --- |')
  try {
    for (let count = 1; count <= settings.workers; count += 1) {
      await measureRound(queue, { redisUrl: redis.url, databaseUrl: postgres.url, count })
    }
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    say('stopped')
    process.exitCode = 130
  }
}

interface Round {
  readonly redisUrl: string
  readonly databaseUrl: string
  /** How many workers. */
  readonly count: number
}

/** A new ingest fills the queue; new workers drain it into a new database. */
async function measureRound(queue: OpenQueue, { redisUrl, databaseUrl, count }: Round) {
  await using round = new AsyncDisposableStack()
  const database = round.adopt(await createTestDatabase(databaseUrl), (one) => one.drop())
  await migrate(database.url)
  const { events } = settings
  const { signal } = stopping

  const secret = createSigningSecret()
  const port = await freePort()
  const env = { REDIS_URL: redisUrl, PORT: `${port}`, CLERK_WEBHOOK_SIGNING_SECRET: secret }
  const ingest = round.adopt(await startApp('ingest', env, signal), (app) => app.stop())
  const url = `http://127.0.0.1:${port}/api/webhooks/clerk`
  const filled = await fillQueue({ queue, ingest, url, secret, signal, ...settings })
  say(
    row(
      `ingest, ${events} deliveries, ${settings.atOnce} at once`,
      `${perSecond(events, filled.seconds)} deliveries/s`,
      `${milliseconds(filled.cpuSeconds / events)} ms`,
      `${filled.peakMegabytes} MB`,
    ),
  )
  say(row('Redis, for a waiting event', '', '', `${Math.round(filled.redisBytes / events)} bytes`))
  await ingest.stop()

  await bullQueueOf(queue).pause()
  const start = () =>
    startApp('worker', { REDIS_URL: redisUrl, DATABASE_URL: database.url }, signal)
  const workers = await Promise.all(
    Array.from({ length: count }, async () => round.adopt(await start(), (app) => app.stop())),
  )
  const drained = await drainQueue({ queue, workers, signal })
  await assertDone(queue, database.url)
  say(
    row(
      `${count} worker${count > 1 ? 's' : ''}, ${events} waiting events, ${drained.seconds.toFixed(1)} s`,
      `${perSecond(events, drained.seconds)} events/s`,
      `${milliseconds(drained.cpuSeconds / events)} ms`,
      drained.peakMegabytes.map((megabytes) => `${megabytes} MB`).join(', '),
    ),
  )
}

/** A figure says something only if the work was done. */
async function assertDone(queue: OpenQueue, databaseUrl: string): Promise<void> {
  const db = createDatabase({ url: databaseUrl, maxConnections: 1 })
  try {
    const written = await db.prisma.user.count()
    const { failed } = await readQueueDepth(queue)
    if (written !== settings.events || failed > 0) {
      throw new Error(`${written} of ${settings.events} users are written, ${failed} jobs failed`)
    }
  } finally {
    await db.close()
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function load(): string {
  return loadavg()[0]?.toFixed(1) ?? ''
}

function row(...cells: string[]): string {
  return `| ${[...cells, load()].join(' | ')} |`
}

function perSecond(count: number, seconds: number): number {
  return Math.round(count / seconds)
}

function milliseconds(seconds: number): string {
  return (seconds * 1_000).toFixed(2)
}
