import { parseRedisUrl, RedisUrlError } from '@clerk-sync/queue/redis-address'
import { z } from 'zod'
import { variable } from './config.ts'
import type { Variable } from './config.ts'

// A longer timer fires at once.
const longestTimeoutMs = 2 ** 31 - 1

/** A TCP port, with a default where one is usual. */
export function port(fallback: number): Variable<number> {
  return wholeNumber(fallback, 65_535, 'must be a port')
}

/** A number of milliseconds. */
export function milliseconds(fallback: number): Variable<number> {
  const message = `must be a whole number of milliseconds, 1 to ${longestTimeoutMs}`
  return wholeNumber(fallback, longestTimeoutMs, message)
}

/** A whole number from 1 to `max`. */
export function count(fallback: number, max: number): Variable<number> {
  return wholeNumber(fallback, max, `must be a whole number, 1 to ${max}`)
}

/** A whole number of days; `why` says where the least comes from. */
export function days(
  fallback: number,
  { min, max, why }: { min: number; max: number; why: string },
): Variable<number> {
  return wholeNumber(fallback, max, `must be a whole number of days, ${min} to ${max}: ${why}`, min)
}

/** true or false. */
export function flag(fallback: boolean): Variable<boolean> {
  const schema = z
    .enum(['true', 'false'], 'must be true or false')
    .transform((text) => text === 'true')
    .default(fallback)
  return variable(schema, String(fallback))
}

/** One of these words. */
export function oneOf<Word extends string>(
  words: readonly Word[],
  fallback: NoInfer<Word>,
): Variable<Word> {
  const schema = z.enum(words, `must be one of ${words.join(', ')}`).optional()
  return variable(
    schema.transform((word): Word => word ?? fallback),
    fallback,
  )
}

function wholeNumber(fallback: number, max: number, message: string, min = 1): Variable<number> {
  return variable(
    z.coerce.number(message).int(message).min(min, message).max(max, message).default(fallback),
    String(fallback),
  )
}

export const host: Variable<string> = variable(z.string().default('0.0.0.0'), '0.0.0.0')

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const postgresUrl = z
  .string()
  .refine(hasProtocol('postgres:', 'postgresql:'), 'must be a postgresql:// URL')
const databaseExample = 'postgresql://user:password@localhost:5432/app'
export const databaseUrl: Variable<string> = variable(postgresUrl, databaseExample)
export const optionalDatabaseUrl: Variable<string | undefined> = variable(
  postgresUrl.optional(),
  databaseExample,
)

export const optionalRedisUrl: Variable<string | undefined> = variable(
  z
    .string()
    .superRefine((text, context) => {
      const message = problemOfRedisUrl(text)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    })
    .optional(),
  'redis://localhost:6379',
)

const secretKeyExample = 'sk_live_<from the Clerk Dashboard, under API keys>'
const secretKey = z
  .string()
  .regex(/^sk_(test|live)_[\w$=-]+$/, 'must be a secret key of Clerk, sk_test_… or sk_live_…')
export const clerkSecretKey: Variable<string> = variable(secretKey, secretKeyExample)
export const optionalClerkSecretKey: Variable<string | undefined> = variable(
  secretKey.optional(),
  secretKeyExample,
)

const clerkApi = 'https://api.clerk.com'

/** Where Clerk's Backend API is, without a slash at the end. */
export const clerkApiUrl: Variable<string> = variable(
  z
    .string()
    .refine(hasProtocol('https:', 'http:'), 'must be an https:// URL')
    .refine(hasNoLogin, 'must not have a user or a password')
    .transform((text) => text.replace(/\/+$/, ''))
    .default(clerkApi),
  clerkApi,
)

/** What is wrong when the queue has no place: it needs REDIS_URL or DATABASE_URL. */
export function missingQueue(env: NodeJS.ProcessEnv): string[] {
  if (env['REDIS_URL'] || env['DATABASE_URL']) return []
  return [
    'REDIS_URL is not set, and no DATABASE_URL either: the queue needs one of them. Example: REDIS_URL=redis://localhost:6379',
  ]
}

/** What every process reads. */
export const processVariables = {
  OPS_PORT: port(9464),
  LOG_LEVEL: oneOf(logLevels, 'info'),
  SHUTDOWN_TIMEOUT_MS: milliseconds(10_000),
}

function hasProtocol(...protocols: string[]): (text: string) => boolean {
  return (text) => {
    const url = URL.parse(text)
    return url !== null && protocols.includes(url.protocol)
  }
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

function hasNoLogin(text: string): boolean {
  const url = URL.parse(text)
  // What is no URL at all is reported as such.
  return url === null || (url.username === '' && url.password === '')
}
