import { parseRedisUrl } from './redis-address.ts'
import type { RedisAddress } from './redis-address.ts'

/** Where the queue lives: Redis in production, PostgreSQL where there is no Redis. */
export type QueueLocation =
  | { readonly kind: 'redis'; readonly address: RedisAddress; readonly prefix: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema: string }

export const queueName = 'clerk-events'

// The braces keep all keys of the queue in one slot of a Redis Cluster.
const redisPrefix = '{clerk-sync}'
const postgresSchema = 'clerk_queue'

/**
 * The queue is on Redis when there is a Redis, else in the database.
 *
 * @throws an Error when there is neither, and a RedisUrlError when the Redis has no proper URL.
 */
export function locateQueue(urls: {
  readonly redisUrl: string | undefined
  readonly databaseUrl: string | undefined
}): QueueLocation {
  const { redisUrl, databaseUrl } = urls
  if (redisUrl) return { kind: 'redis', address: parseRedisUrl(redisUrl), prefix: redisPrefix }
  if (databaseUrl) return { kind: 'postgres', url: databaseUrl, schema: postgresSchema }
  throw new Error('the queue needs a Redis or a database')
}
