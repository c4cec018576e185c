import { setTimeout as sleep } from 'node:timers/promises'
import { Queue } from 'bullmq'
import { postgresOptions, producerOptions } from './connection-options.ts'
import type { QueueLocation } from './location.ts'
import { queueName } from './location.ts'
import { createWaitingPostgresBackend } from './postgres-backend.ts'
import { createRedisConnection } from './redis-connection.ts'

// A server that is away would hold up the end of the process.
const closeTimeoutMs = 2_000

export interface ConnectedQueue {
  readonly queue: Queue
  /** Never waits for a server that is away. */
  readonly close: () => Promise<void>
}

/** A BullMQ queue that fails fast while its server is away. */
export function connectQueue(location: QueueLocation, name = queueName): ConnectedQueue {
  return location.kind === 'redis'
    ? connectToRedis(location, name)
    : connectToPostgres(location, name)
}

function connectToRedis(
  { address, prefix }: QueueLocation & { kind: 'redis' },
  name: string,
): ConnectedQueue {
  const connection = createRedisConnection(address, producerOptions)
  // Without skipVersionCheck beside skipWaitingForReady a Redis that is down now would poison the
  // queue for good: BullMQ remembers that its first command was rejected.
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

function connectToPostgres(
  location: QueueLocation & { kind: 'postgres' },
  name: string,
): ConnectedQueue {
  const options = { connection: postgresOptions(location) }
  // The class differs in its backend alone; callers never look at that.
  const queue = new Queue(name, options, createWaitingPostgresBackend) as unknown as Queue
  return {
    queue,
    async close() {
      await Promise.race([queue.close(), sleep(closeTimeoutMs, undefined, { ref: false })])
    },
  }
}
