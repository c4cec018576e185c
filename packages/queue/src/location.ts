import { defaultTablesSchema, tablesSchemaOf } from '@clerk-sync/ops'
import { parseRedisUrl } from './redis-address.ts'
import type { RedisAddress } from './redis-address.ts'

/** Where the queue is: on Redis, or in PostgreSQL when there is no Redis. */
export type QueueLocation =
  | { readonly kind: 'redis'; readonly address: RedisAddress; readonly prefix: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema: string }

export const queueName = 'clerk-events'
// A queue of its own: long work must not wait for events, and events not for long work.
export const scheduleQueueName = 'clerk-schedule'
export const queueNames = [queueName, scheduleQueueName]

// The braces keep all keys of the queue in one slot of a Redis Cluster.
// Deployments with tables of their own have a queue of their own.
function redisPrefix(url: string): string {
  const schema = tablesSchemaOf(url)
  return schema === defaultTablesSchema ? '{clerk-sync}' : `{clerk-sync:${schema}}`
}

/**
 * Locates the queue: on Redis when there is a URL of Redis, otherwise in the database.
 *
 * @throws an Error when there is neither URL.
 * @throws {RedisUrlError} when the URL of Redis is not valid.
 */
export function locateQueue(urls: {
  readonly redisUrl: string | undefined
  readonly databaseUrl: string | undefined
}): QueueLocation {
  const { redisUrl, databaseUrl } = urls
  if (redisUrl) {
    return { kind: 'redis', address: parseRedisUrl(redisUrl), prefix: redisPrefix(redisUrl) }
  }
  if (databaseUrl) {
    return { kind: 'postgres', url: databaseUrl, schema: `${tablesSchemaOf(databaseUrl)}_queue` }
  }
  throw new Error('the queue needs a Redis or a database')
}
