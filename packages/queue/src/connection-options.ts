import type { PostgresPoolConfig } from 'bullmq'
import type { QueueLocation } from './location.ts'
import type { RedisClientOptions } from './redis-client.ts'

// A producer answers a waiting request: better a quick failure and another try.
const commandTimeoutMs = 2_000

/** Fails fast and connects again by itself. */
export const producerOptions: RedisClientOptions = {
  waits: false,
  commandTimeoutMs,
  connectTimeoutMs: 1_000,
}

/** Waits for Redis as long as it takes. No command timeout: it would cut the blocking fetch. */
export const workerConnectionOptions: RedisClientOptions = {
  waits: true,
  commandTimeoutMs: undefined,
  connectTimeoutMs: 5_000,
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
