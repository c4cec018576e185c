import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'bullmq'
import type { Processor, WorkerOptions } from 'bullmq'
import { postgresOptions, workerConnectionOptions } from './connection-options.ts'
import type { QueueLocation } from './location.ts'
import { queueName } from './location.ts'
import { createWaitingPostgresBackend } from './postgres-backend.ts'
import { createWaitingRedisBackend } from './redis-backend.ts'
import { createRedisConnection } from './redis-connection.ts'

// A server that is away would hold up the end of the process; the jobs are taken over elsewhere.
const closeTimeoutMs = 5_000

export interface ConnectedWorker {
  readonly worker: Worker
  /** Waits for the jobs that were fetched, but never longer than 5 s. */
  readonly close: () => Promise<void>
}

/** A BullMQ worker that waits for its server as long as it takes. */
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
    const worker = new Worker(name, run, settings, createWaitingRedisBackend)
    return { worker, close: () => closeWorker(worker).finally(connection.disconnect) }
  }
  const connection = postgresOptions(location)
  const opened = new Worker(name, run, { ...options, connection }, createWaitingPostgresBackend)
  // The class differs in its backend alone; callers never look at that.
  const worker = opened as unknown as Worker
  return { worker, close: () => closeWorker(worker) }
}

async function closeWorker(worker: Worker): Promise<void> {
  await Promise.race([worker.close(), sleep(closeTimeoutMs, undefined, { ref: false })])
}
