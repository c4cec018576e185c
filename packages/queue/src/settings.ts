import { optionalPostgresUrl, variable } from '@clerk-sync/ops'
import type { Settings, Variable } from '@clerk-sync/ops'
import { z } from 'zod'
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

/** Where the queue is: on Redis, or without one in the database. */
export const queueVariables = { REDIS_URL: redisUrl, DATABASE_URL: optionalPostgresUrl }

/** The queue that these settings name. @throws an Error when they name none. */
export function queueLocationOf(settings: Settings<typeof queueVariables>): QueueLocation {
  return locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL })
}

/** What is wrong when the queue has no place: it needs REDIS_URL or DATABASE_URL. */
export function missingQueue(env: NodeJS.ProcessEnv): string[] {
  if (env['REDIS_URL'] || env['DATABASE_URL']) return []
  return [
    'REDIS_URL is not set, and no DATABASE_URL either: the queue needs one of them. Example: REDIS_URL=redis://localhost:6379',
  ]
}

function problemOfRedisUrl(text: string): string | undefined {
  try {
    parseRedisUrl(text)
    return undefined
  } catch (error) {
    if (error instanceof RedisUrlError) return error.message
    throw error
  }
}
