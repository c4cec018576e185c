import type { RedisOptions, PostgresPoolConfig } from 'bullmq'
import type { QueueLocation } from './location.ts'

// A producer answers a waiting request: better a quick failure and another try.
const commandTimeoutMs = 2_000

const reconnectDelayMs = (times: number) => Math.min(times * 100, 2_000)

/**
 * Fails fast and recovers by itself. Without `skipVersionCheck` beside `skipWaitingForReady` a Redis
 * that is down at boot would poison the queue for good: BullMQ remembers the rejected first command.
 */
export function redisProducerOptions(url: string): RedisOptions {
  return {
    url,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 1_000,
    retryStrategy: reconnectDelayMs,
  }
}

/** Waits for Redis as long as it takes. No command timeout: it would cut the blocking fetch. */
export function redisWorkerOptions(url: string): RedisOptions {
  return { url, maxRetriesPerRequest: null, connectTimeout: 5_000, retryStrategy: reconnectDelayMs }
}

export function postgresOptions(
  location: QueueLocation & { kind: 'postgres' },
  maxConnections: number,
): PostgresPoolConfig {
  return {
    connectionString: location.url,
    schema: location.schema,
    max: maxConnections,
    connectionTimeoutMillis: commandTimeoutMs,
    query_timeout: 10_000,
    keepAlive: true,
  }
}
