import { randomBytes } from 'node:crypto'
import { createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import type { Database } from '@clerk-sync/db'
import { prismaOf } from '@clerk-sync/db/prisma'
import { createSigningSecret, parseSigningSecrets, selectKept } from '@clerk-sync/events'
import { defaultLimits, startIngest } from '@clerk-sync/ingest'
import type { IngestConfig } from '@clerk-sync/ingest'
import { createLogger, runCheck } from '@clerk-sync/ops/process'
import type { App, Ops } from '@clerk-sync/ops/process'
import { defaultEnqueueTimeoutMs, migrateQueue, openQueue, parseRedisUrl } from '@clerk-sync/queue'
import type { OpenQueue, QueueLocation } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { startWorker } from '@clerk-sync/worker'
import type { WorkerConfig } from '@clerk-sync/worker'
import { Registry } from 'prom-client'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { inject, onTestFinished, vi } from 'vitest'
import { send } from './send.ts'
import type { Delivery, SentEvent } from './send.ts'

export const backends = ['redis', 'postgres'] as const
export type Backend = (typeof backends)[number]

/** One deployment with its own database and its own keys in the queue. */
export interface Chain {
  readonly db: Database
  readonly databaseUrl: string
  readonly queue: QueueLocation
  readonly ops: Ops
  readonly secret: string
  startIngest(changes?: Partial<IngestConfig>): Promise<RunningIngest>
  startWorker(changes?: Partial<WorkerConfig>): Promise<RunningWorker>
  /** What the queue holds of an event; it leaves the queue when it is done. */
  readJob(svixId: string): Promise<unknown>
  /** All that was logged so far, as it was written, at every level. */
  readLog(): string
  close(): Promise<void>
}

export interface RunningIngest extends App {
  readonly url: string
  send(event: unknown, delivery?: Delivery): Promise<SentEvent>
}

export interface RunningWorker extends App {
  /** The sum of a counter over all series with these labels; 0 when there is none. */
  count(name: string, labels?: Record<string, string>): Promise<number>
}

/** A chain and its queue, which are closed when the test has finished. */
export async function openChain(backend: Backend): Promise<{ chain: Chain; opened: OpenQueue }> {
  const chain = await createChain(backend)
  onTestFinished(() => chain.close())
  const opened = openQueue(chain.queue, { onError: () => undefined })
  onTestFinished(() => opened.close())
  return { chain, opened }
}

export async function createChain(backend: Backend): Promise<Chain> {
  const database = await createMigratedDatabase(migrate)
  const queue = locate(backend, database.url)
  await migrateQueue(queue)
  const db = createDatabase({ url: database.url, maxConnections: 3 })
  const log = recordLog()
  const ops = { logger: log.logger, registry: new Registry() }
  const secret = createSigningSecret()
  const apps: App[] = []

  return {
    db,
    databaseUrl: database.url,
    queue,
    ops,
    secret,
    async startIngest(changes) {
      const config = { ...ingestConfig(queue, secret), ...changes }
      const ingest = await startIngest(config, { ...ops, registry: new Registry() })
      apps.push(ingest)
      const url = ingest.webhookUrl
      return { ...ingest, url, send: (event, delivery) => send(url, secret, event, delivery) }
    },
    async startWorker(changes) {
      const config = { ...workerConfig(queue, database.url), ...changes }
      const registry = new Registry()
      const worker = await startWorker(config, { ...ops, registry })
      apps.push(worker)
      return { ...worker, count: (name, labels) => countIn(registry, name, labels) }
    },
    async readJob(svixId) {
      const opened = openQueue(queue, { onError: () => undefined })
      try {
        return await until(async () => (await bullQueueOf(opened).getJob(svixId))?.data)
      } finally {
        await opened.close()
      }
    },
    readLog: log.read,
    async close() {
      await Promise.all(apps.map((app) => app.close()))
      await db.close()
      await database.drop()
    },
  }
}

function locate(backend: Backend, databaseUrl: string): QueueLocation {
  return backend === 'redis'
    ? {
        kind: 'redis',
        address: parseRedisUrl(inject('redisUrl')),
        prefix: `{test-${randomBytes(6).toString('hex')}}`,
      }
    : { kind: 'postgres', url: databaseUrl, schema: 'clerk_queue' }
}

function recordLog() {
  const lines: string[] = []
  const write = (line: string) => {
    lines.push(line)
    if (process.env['TEST_LOG']) process.stdout.write(line)
  }
  return {
    logger: createLogger({ name: 'test', level: 'trace' }, { write }),
    read: () => lines.join(''),
  }
}

async function countIn(
  registry: Registry,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  const metric = registry.getSingleMetric(name)
  if (!metric) throw new Error(`there is no ${name}`)
  const { values } = await metric.get()
  return values
    .filter((series) =>
      Object.entries(labels).every(([key, value]) => series.labels[key] === value),
    )
    .reduce((sum, series) => sum + series.value, 0)
}

const processSettings = { OPS_PORT: 1, LOG_LEVEL: 'silent', SHUTDOWN_TIMEOUT_MS: 10_000 } as const

function ingestConfig(queue: QueueLocation, secret: string): IngestConfig {
  return {
    ...processSettings,
    HOST: '127.0.0.1',
    PORT: 0,
    secrets: parseSigningSecrets(secret),
    queue,
    instanceId: undefined,
    kept: selectKept(),
    enqueueTimeoutMs: defaultEnqueueTimeoutMs,
    ackDurability: 'enqueued',
    processes: 1,
    ...defaultLimits,
  }
}

function workerConfig(queue: QueueLocation, databaseUrl: string): WorkerConfig {
  return {
    ...processSettings,
    HOST: '127.0.0.1',
    databaseUrl,
    queue,
    batchSize: 100,
    kept: selectKept(),
    deletionPolicy: 'erase',
    auditValues: false,
    ledgerRetentionDays: 90,
  }
}

/** Waits until the ledger has all of these events and returns their outcomes, in order. */
export async function outcomesOf(chain: Chain, sent: readonly SentEvent[]): Promise<string[]> {
  const ids = sent.map(({ svixId }) => svixId)
  return until(async () => {
    const rows = await prismaOf(chain.db).webhookEvent.findMany({ where: { id: { in: ids } } })
    const outcomes = new Map(rows.map((row) => [row.id, row.outcome]))
    return ids.every((id) => outcomes.has(id)) ? ids.map((id) => outcomes.get(id) ?? '') : undefined
  })
}

/** Waits until these events have left the queue, done: BullMQ is told after the commit. */
export async function untilDone(opened: OpenQueue, sent: readonly SentEvent[]): Promise<void> {
  for (const one of sent) await untilState(opened, one, 'unknown')
}

/** Waits until the job of an event is in this state. */
export async function untilState(
  opened: OpenQueue,
  { svixId }: SentEvent,
  state: string,
): Promise<void> {
  await until(async () =>
    (await bullQueueOf(opened).getJobState(svixId)) === state ? true : undefined,
  )
}

/** Waits until the queue holds no job, in whatever state. */
export async function untilEmpty(opened: OpenQueue): Promise<void> {
  await until(async () => {
    const counts = Object.values(await bullQueueOf(opened).getJobCounts())
    return counts.every((count) => count === 0) ? true : undefined
  })
}

/** What /readyz says of this check of an app; undefined when it passes. */
export async function problemOf(app: App, name: string): Promise<string | undefined> {
  const check = app.checks.find((one) => one.name === name)
  if (!check) throw new Error(`there is no check named ${name}`)
  return (await runCheck(check)).problem
}

/** Waits until an app passes this check. */
export async function untilReady(app: App, name: string): Promise<void> {
  await until(async () => ((await problemOf(app, name)) === undefined ? true : undefined))
}

/** Asks until there is an answer. Fails with the last error after 20 s. */
export function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  return vi.waitFor(
    async () => {
      const answer = await ask()
      if (answer === undefined) throw new Error('not yet')
      return answer
    },
    { timeout: 20_000, interval: 20 },
  )
}
