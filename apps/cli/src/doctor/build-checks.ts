import { clerkApiUrl, optionalClerkSecretKey } from '@clerk-sync/events/backend-api'
import type { Database } from '@clerk-sync/db'
import { optionalPostgresUrl } from '@clerk-sync/ops'
import { locateQueue, parseRedisUrl, redisUrl } from '@clerk-sync/queue'
import { skippedCheck } from './check.ts'
import type { Check } from './check.ts'
import { clerkChecks } from './clerk-checks.ts'
import { databaseChecks, ledgerCheck } from './database-checks.ts'
import { endpointCheck } from './endpoint-check.ts'
import { backlogChecks, queueTablesCheck } from './queue-checks.ts'
import type { Quote } from './wording.ts'
import { refillCheck } from './refill-check.ts'
import { redisChecks } from './redis-checks.ts'
import { readSetting, settingsChecks } from './settings-checks.ts'

export interface CheckDeps {
  readonly env: NodeJS.ProcessEnv
  /** The caller closes the database. */
  readonly openDatabase: (url: string) => Database
  /** Where Clerk posts to. */
  readonly endpoint: string | undefined
  readonly quote: Quote
}

/** All checks, in the order in which they are shown. */
export function buildChecks({ env, openDatabase, endpoint, quote }: CheckDeps): Check[] {
  const settings = settingsChecks(env)
  const further = [...clerkPart(env, quote), endpointPart(endpoint, quote)]
  const database = readSetting(optionalPostgresUrl, env['DATABASE_URL'])
  if (database.state !== 'set') {
    const cause = database.state === 'unset' ? 'DATABASE_URL is not set' : 'DATABASE_URL is wrong'
    const cure = 'set it, or run this where "clerk-sync start" runs'
    const reachable = skippedCheck('database', cause, cure)
    const last = skippedCheck('last event', cause, cure)
    const filled = skippedCheck('kept fields', cause, cure)
    return [...settings, reachable, ...queuePart(env, undefined, quote), ...further, filled, last]
  }
  const url = database.value
  const db = openDatabase(url)
  const { reachable, clock, tables, fit } = databaseChecks(db, url, quote)
  const queue = queuePart(env, { url, reachable }, quote)
  const last = ledgerCheck(db, tables, quote)
  const filled = refillCheck(db, tables)
  return [...settings, reachable, clock, tables, ...fit, ...queue, ...further, filled, last]
}

function queuePart(
  env: NodeJS.ProcessEnv,
  database: { url: string; reachable: Check } | undefined,
  quote: Quote,
): Check[] {
  const redis = readSetting(redisUrl, env['REDIS_URL'])
  if (redis.state === 'wrong') {
    return [skippedCheck('queue', 'REDIS_URL is wrong', 'see the settings first')]
  }
  if (redis.state === 'set') {
    const location = locateQueue({ redisUrl: redis.value, databaseUrl: undefined })
    const { reachable, more } = redisChecks(parseRedisUrl(redis.value), quote)
    return [reachable, ...more, ...backlogChecks(location, reachable)]
  }
  if (!database) {
    return [skippedCheck('queue', 'it has no place', 'set REDIS_URL or DATABASE_URL')]
  }
  const location = locateQueue({ redisUrl: undefined, databaseUrl: database.url })
  const tables = queueTablesCheck(location, database.reachable)
  return [tables, ...backlogChecks(location, tables)]
}

function clerkPart(env: NodeJS.ProcessEnv, quote: Quote): Check[] {
  const api = readSetting(clerkApiUrl, env['CLERK_API_URL'])
  if (api.state !== 'set') {
    return [skippedCheck("Clerk's API", 'CLERK_API_URL is wrong', 'see the settings first')]
  }
  const secretKey = readSetting(optionalClerkSecretKey, env['CLERK_SECRET_KEY'])
  const instanceId = env['CLERK_INSTANCE_ID'] || undefined
  return clerkChecks({ apiUrl: api.value, secretKey, instanceId }, quote)
}

function endpointPart(url: string | undefined, quote: Quote): Check {
  if (url !== undefined) return endpointCheck(url, quote)
  const cure = 'give the one that Clerk posts to: --url https://example.com/api/webhooks/clerk'
  return skippedCheck('endpoint', 'no URL is given', cure)
}
