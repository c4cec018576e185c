import { randomBytes } from 'node:crypto'
import { createDatabase, migrate } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { createSigningSecret, parseSigningSecrets, sign } from '@clerk-sync/events'
import { startIngest } from '@clerk-sync/ingest'
import type { IngestConfig } from '@clerk-sync/ingest'
import { createLogger } from '@clerk-sync/ops'
import type { App, Ops } from '@clerk-sync/ops'
import { migrateQueue, openQueue } from '@clerk-sync/queue'
import type { OpenQueue, QueueLocation } from '@clerk-sync/queue'
import { createTestDatabase } from '@clerk-sync/testing'
import { startWorker } from '@clerk-sync/worker'
import type { WorkerConfig } from '@clerk-sync/worker'
import type { Job } from 'bullmq'
import { Registry } from 'prom-client'
import { inject, vi } from 'vitest'

export const backends = ['redis', 'postgres'] as const
export type Backend = (typeof backends)[number]

/** Everything of one deployment, on servers of its own database and its own keys. */
export interface Chain {
  readonly db: Database
  readonly databaseUrl: string
  readonly queue: QueueLocation
  readonly ops: Ops
  readonly secret: string
  startIngest(changes?: Partial<IngestConfig>): Promise<RunningIngest>
  startWorker(changes?: Partial<WorkerConfig>): Promise<App>
  /** What the queue holds of an event. */
  readJob(svixId: string): Promise<unknown>
  close(): Promise<void>
}

export interface RunningIngest extends App {
  readonly url: string
  send(event: unknown, delivery?: Delivery): Promise<SentEvent>
}

/** How a delivery differs from a good one. */
export interface Delivery {
  svixId?: string
  secret?: string
  timestamp?: number
  headers?: Record<string, string | undefined>
}

export interface SentEvent {
  svixId: string
  status: number
  body: unknown
  retryAfter: string | null
}

export async function createChain(backend: Backend): Promise<Chain> {
  const database = await createTestDatabase(inject('databaseUrl'))
  await migrate(database.url)
  const queue = locate(backend, database.url)
  await migrateQueue(queue)
  const db = createDatabase({ url: database.url, maxConnections: 3 })
  const level = process.env['TEST_LOG'] ? 'debug' : 'silent'
  const ops = { logger: createLogger({ name: 'test', level }), registry: new Registry() }
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
      const worker = await startWorker(config, { ...ops, registry: new Registry() })
      apps.push(worker)
      return worker
    },
    async readJob(svixId) {
      const opened = openQueue(queue, { onError: () => undefined })
      try {
        return await until(async () => (await opened.queue.getJob(svixId))?.data)
      } finally {
        await opened.close()
      }
    },
    async close() {
      await Promise.all(apps.map((app) => app.close()))
      await db.close()
      await database.drop()
    },
  }
}

function locate(backend: Backend, databaseUrl: string): QueueLocation {
  return backend === 'redis'
    ? { kind: 'redis', url: inject('redisUrl'), prefix: `{test-${randomBytes(6).toString('hex')}}` }
    : { kind: 'postgres', url: databaseUrl, schema: 'clerk_queue' }
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
    enqueueTimeoutMs: 10_000,
  }
}

function workerConfig(queue: QueueLocation, databaseUrl: string): WorkerConfig {
  return { ...processSettings, HOST: '127.0.0.1', databaseUrl, queue, batchSize: 100 }
}

function createSvixId(): string {
  return `msg_${randomBytes(15).toString('hex')}`
}

/** Posts an event as Svix does. A string is sent as the body that it is. */
async function send(
  url: string,
  ownSecret: string,
  event: unknown,
  {
    svixId = createSvixId(),
    secret = ownSecret,
    timestamp = Date.now() / 1000,
    headers = {},
  }: Delivery = {},
): Promise<SentEvent> {
  const body = typeof event === 'string' ? event : JSON.stringify(event)
  const [key] = parseSigningSecrets(secret)
  if (!key) throw new Error('no secret')
  const seconds = Math.floor(timestamp)
  const all: Record<string, string | undefined> = {
    'content-type': 'application/json',
    'svix-id': svixId,
    'svix-timestamp': String(seconds),
    'svix-signature': sign(key, { id: svixId, timestamp: seconds, body }),
    ...headers,
  }
  const given = Object.entries(all).filter(
    (header): header is [string, string] => header[1] !== undefined,
  )
  const response = await fetch(url, { method: 'POST', headers: given, body })
  const text = await response.text()
  return {
    svixId,
    status: response.status,
    body: JSON.parse(text),
    retryAfter: response.headers.get('retry-after'),
  }
}

/** Waits until the ledger has all of these events and returns their outcomes, in order. */
export async function outcomesOf(chain: Chain, sent: readonly SentEvent[]): Promise<string[]> {
  const ids = sent.map(({ svixId }) => svixId)
  return until(async () => {
    const rows = await chain.db.prisma.webhookEvent.findMany({ where: { id: { in: ids } } })
    const outcomes = new Map(rows.map((row) => [row.id, row.outcome]))
    return ids.every((id) => outcomes.has(id)) ? ids.map((id) => outcomes.get(id) ?? '') : undefined
  })
}

/** Waits until BullMQ has written down that the job is done: that is after the commit. */
export function finishedJob({ queue }: OpenQueue, svixId: string): Promise<Job> {
  return until(async () => {
    const isDone = (await queue.getJobState(svixId)) === 'completed'
    return isDone ? await queue.getJob(svixId) : undefined
  })
}

/** Asks again and again until there is an answer; fails with the last error after 20 s. */
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
