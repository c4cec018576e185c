import { milliseconds, optionalPostgresUrl, variable } from '@clerk-sync/ops'
import type { Settings, Variable } from '@clerk-sync/ops'
import { z } from 'zod'
import { parseRedisUrl, RedisUrlError } from './redis-address.ts'
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
const redisPrefix = '{clerk-sync}'
const postgresSchema = 'clerk_queue'

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
  if (redisUrl) return { kind: 'redis', address: parseRedisUrl(redisUrl), prefix: redisPrefix }
  if (databaseUrl) return { kind: 'postgres', url: databaseUrl, schema: postgresSchema }
  throw new Error('the queue needs a Redis or a database')
}

export const redisUrl: Variable<string | undefined> = variable(
  z
    .string()
    .superRefine((text, context) => {
      const message = problemOfRedisUrl(text)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    })
    .optional(),
  'redis://localhost:6379',
)

/** The variables that say where the queue is. */
export const queueVariables = { REDIS_URL: redisUrl, DATABASE_URL: optionalPostgresUrl }

/** Locates the queue by its variables. @throws an Error when neither is set. */
export function queueLocationOf(settings: Settings<typeof queueVariables>): QueueLocation {
  return locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL })
}

/** Checks that REDIS_URL or DATABASE_URL is set. The problem, if any, is in the list. */
export function missingQueue(env: NodeJS.ProcessEnv): string[] {
  if (env['REDIS_URL'] || env['DATABASE_URL']) return []
  return [
    'REDIS_URL is not set, and no DATABASE_URL either: the queue needs one of them. Example: REDIS_URL=redis://localhost:6379',
  ]
}

/** Svix ends its request after 15 s. */
export const defaultEnqueueTimeoutMs = 10_000

/** ENQUEUE_TIMEOUT_MS: for how many milliseconds a producer tries to enqueue an event. */
export const enqueueTimeoutMs: Variable<number> = milliseconds(defaultEnqueueTimeoutMs)

function problemOfRedisUrl(text: string): string | undefined {
  try {
    parseRedisUrl(text)
    return undefined
  } catch (error) {
    if (error instanceof RedisUrlError) return error.message
    throw error
  }
}
