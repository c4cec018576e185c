import { setTimeout as sleep } from 'node:timers/promises'
import { postgresConnection, waitAtMost } from '@clerk-sync/ops'
import { Queue, Worker } from 'bullmq'
import type { PostgresPoolConfig, Processor, WorkerOptions } from 'bullmq'
import { queueName } from './location.ts'
import type { QueueLocation } from './location.ts'
import { createOutagePostgresBackend, createOutageRedisBackend } from './outage-backends.ts'
import { createRedisConnection } from './redis-connection.ts'
import type { RedisClientOptions } from './redis-connection.ts'

// A producer answers a waiting request: better a quick failure and another try.
const commandTimeoutMs = 2_000
// An unavailable server would hold up the end of the process.
const closeQueueTimeoutMs = 2_000
// The same. Another worker takes the jobs over.
const closeWorkerTimeoutMs = 5_000
const reopenDelayMs = 1_000

const queueConnectionOptions: RedisClientOptions = {
  waits: false,
  commandTimeoutMs,
  connectTimeoutMs: 1_000,
  silenceTimeoutMs: 4_000,
}

// No command timeout: it would cut the blocking fetch.
const workerConnectionOptions: RedisClientOptions = {
  waits: true,
  commandTimeoutMs: undefined,
  connectTimeoutMs: 5_000,
  // The blocking fetch takes up to 10 s.
  silenceTimeoutMs: 20_000,
}

function postgresOptions(location: QueueLocation & { kind: 'postgres' }): PostgresPoolConfig {
  return {
    ...postgresConnection(location.url),
    schema: location.schema,
    // BullMQ's statements rely on it, whatever the server's default is. BullMQ adds its search_path.
    options: '-c default_transaction_isolation=read\\ committed',
    max: 10,
    connectionTimeoutMillis: commandTimeoutMs,
    query_timeout: 10_000,
    keepAlive: true,
  }
}

export interface ConnectedQueue {
  readonly queue: Queue
  /** Does not wait for an unavailable server for longer than 2 s. */
  readonly close: () => Promise<void>
}

/** Connects a BullMQ queue. Its commands fail fast while the server is unavailable. */
export function connectQueue(location: QueueLocation, name = queueName): ConnectedQueue {
  return location.kind === 'redis'
    ? connectQueueToRedis(location, name)
    : connectQueueToPostgres(location, name)
}

function connectQueueToRedis(
  { address, prefix }: QueueLocation & { kind: 'redis' },
  name: string,
): ConnectedQueue {
  const connection = createRedisConnection(address, queueConnectionOptions)
  // skipWaitingForReady needs skipVersionCheck: BullMQ remembers a version check that Redis did not
  // answer, and the queue would reject every later command.
  const queue = new Queue(name, {
    connection: connection.client,
    prefix,
    skipWaitingForReady: true,
    skipVersionCheck: true,
  })
  return {
    queue,
    async close() {
      await queue.close().finally(connection.disconnect)
    },
  }
}

function connectQueueToPostgres(
  location: QueueLocation & { kind: 'postgres' },
  name: string,
): ConnectedQueue {
  const options = { connection: postgresOptions(location) }
  // Only the type of the backend differs, and callers do not use it.
  const queue = new Queue(name, options, createOutagePostgresBackend) as unknown as Queue
  return {
    queue,
    async close() {
      await waitAtMost(queue.close(), closeQueueTimeoutMs)
    },
  }
}

export interface ConnectedWorker {
  readonly worker: Worker
  /** Waits for the jobs that were fetched, at most 5 s. */
  readonly close: () => Promise<void>
}

/** Connects a BullMQ worker. It waits without limit for an unavailable server. */
export function connectWorker(
  location: QueueLocation,
  run: Processor,
  options: Omit<WorkerOptions, 'connection'>,
  name = queueName,
): ConnectedWorker {
  if (location.kind === 'redis') {
    const connection = createRedisConnection(location.address, workerConnectionOptions)
    const { prefix } = location
    const settings = { ...options, connection: connection.client, prefix }
    const worker = new Worker(name, run, settings, createOutageRedisBackend)
    return { worker, close: () => closeWorker(worker).finally(connection.disconnect) }
  }
  const connection = postgresOptions(location)
  const opened = new Worker(name, run, { ...options, connection }, createOutagePostgresBackend)
  // Only the type of the backend differs, and callers do not use it.
  const worker = opened as unknown as Worker
  return { worker, close: () => closeWorker(worker) }
}

async function closeWorker(worker: Worker): Promise<void> {
  await waitAtMost(worker.close(), closeWorkerTimeoutMs)
}

/** Starts the fetching after the first connection. Before it, the worker would retry in a busy loop. */
export async function runWhenReady(worker: Worker, onError: (error: Error) => void): Promise<void> {
  await worker.waitUntilReady()
  worker.run().catch(onError)
}

interface Opened {
  /** Rejects when the first connection fails. */
  readonly ready: Promise<unknown>
  readonly close: () => Promise<void>
}

export interface Reopened<T extends Opened> {
  /** Changes when the first connection failed: read it at each use. */
  readonly current: T
  readonly close: () => Promise<void>
}

/**
 * Opens a queue or a worker, and opens a new one until the first connection works. BullMQ's
 * PostgreSQL backend never connects again after a first connection that failed.
 */
export function openUntilReady<T extends Opened>(
  open: () => T,
  onError: (error: Error) => void,
): Reopened<T> {
  const closing = new AbortController()
  let current = openOne()

  function openOne(): T {
    const opened = open()
    opened.ready.catch((error: Error) => reopen(opened, error))
    return opened
  }

  async function reopen(failed: T, error: Error): Promise<void> {
    if (closing.signal.aborted) return
    onError(error)
    await sleep(reopenDelayMs, undefined, { signal: closing.signal }).catch(() => undefined)
    if (closing.signal.aborted) return
    current = openOne()
    await failed.close().catch(onError)
  }

  return {
    get current() {
      return current
    },
    async close() {
      closing.abort()
      await current.close()
    },
  }
}
