import type { PostgresPoolConfig } from 'bullmq'
import type { QueueLocation } from './location.ts'
import type { ClientOptions } from './redis-connection.ts'

// A producer answers a waiting request: better a quick failure and another try.
const commandTimeoutMs = 2_000

const retryStrategy = (times: number) => Math.min(times * 100, 2_000)

/** Fails fast and connects again by itself. */
export const redisProducerOptions: ClientOptions = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: commandTimeoutMs,
  connectTimeout: 1_000,
  retryStrategy,
}

/** Waits for Redis as long as it takes. No command timeout: it would cut the blocking fetch. */
export const redisWorkerOptions: ClientOptions = {
  maxRetriesPerRequest: null,
  connectTimeout: 5_000,
  retryStrategy,
}

export function postgresOptions(
  location: QueueLocation & { kind: 'postgres' },
): PostgresPoolConfig {
  return {
    connectionString: location.url,
    schema: location.schema,
    max: 10,
    connectionTimeoutMillis: commandTimeoutMs,
    query_timeout: 10_000,
    keepAlive: true,
  }
}
