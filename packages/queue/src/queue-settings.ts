import { milliseconds, oneOf, optionalPostgresUrl, tablesSchema, variable } from '@clerk-sync/ops'
import type { Settings, Variable } from '@clerk-sync/ops'
import { z } from 'zod'
import { durabilities } from './ack-durability.ts'
import type { AckDurability } from './ack-durability.ts'
import { locateQueue } from './location.ts'
import type { QueueLocation } from './location.ts'
import { parseRedisUrl, RedisUrlError } from './redis-address.ts'

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
export const queueVariables = {
  TABLES_SCHEMA: tablesSchema,
  REDIS_URL: redisUrl,
  DATABASE_URL: optionalPostgresUrl,
}

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

/** ACK_DURABILITY: what must be true of an event before ingest answers 200. */
export const ackDurability: Variable<AckDurability> = oneOf(durabilities, 'enqueued')

function problemOfRedisUrl(text: string): string | undefined {
  try {
    parseRedisUrl(text)
    return undefined
  } catch (error) {
    if (error instanceof RedisUrlError) return error.message
    throw error
  }
}
