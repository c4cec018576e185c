/** Where the queue lives: Redis in production, PostgreSQL where there is no Redis. */
export type QueueLocation =
  | { readonly kind: 'redis'; readonly url: string; readonly prefix: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema: string }

export const queueName = 'clerk-events'

// The braces keep all keys of the queue in one slot of a Redis Cluster.
const redisPrefix = '{clerk-sync}'
const postgresSchema = 'clerk_queue'

/** The queue is on Redis when there is a Redis, else in the database. */
export function locateQueue(urls: {
  redisUrl?: string | undefined
  databaseUrl: string
}): QueueLocation
export function locateQueue(urls: {
  redisUrl?: string | undefined
  databaseUrl?: string | undefined
}): QueueLocation | undefined
export function locateQueue(urls: {
  redisUrl?: string | undefined
  databaseUrl?: string | undefined
}): QueueLocation | undefined {
  if (urls.redisUrl) return { kind: 'redis', url: urls.redisUrl, prefix: redisPrefix }
  if (urls.databaseUrl) return { kind: 'postgres', url: urls.databaseUrl, schema: postgresSchema }
  return undefined
}
