import {
  clerkApiUrl,
  clerkSecretKey,
  createBackendApi,
  createRateLimiter,
  defaultRate,
} from '@clerk-sync/events/backend-api'
import type { BackendApi } from '@clerk-sync/events/backend-api'
import { createSharedRateLimiter, readDeployment } from '@clerk-sync/sync'
import { createDatabase, deletionPolicies, pendingMigrations } from '@clerk-sync/db'
import type { Database, WriteRules } from '@clerk-sync/db'
import type { Entity, Kept } from '@clerk-sync/events'
import { postgresUrl, oneOf, readConfig } from '@clerk-sync/ops'
import { fieldsLeftOut, keptVariables } from '@clerk-sync/events'
import { locateDataDir } from '../data-dir.ts'
import { findRunning, withRunning } from '../running.ts'
import { checkInstance } from './check-instance.ts'
import { keepHeapSmall } from './keep-heap-small.ts'
import { settingsOf } from './settings-of.ts'

const catchUpVariables = {
  DATABASE_URL: postgresUrl,
  CLERK_SECRET_KEY: clerkSecretKey,
  CLERK_API_URL: clerkApiUrl,
  DELETION_POLICY: oneOf(deletionPolicies, 'erase'),
  ...keptVariables,
}

export interface BothSides {
  readonly db: Database
  readonly api: BackendApi
  readonly kept: Kept
  readonly rules: WriteRules
  close(): Promise<void>
}

const maxConnections = 4

/**
 * The database and Clerk's API, at a rateLimiter that all processes of the deployment keep together. `rate`
 * is in requests per 10 s, 0 for none.
 *
 * @throws {ConfigError} that lists every problem; an Error when the database is not migrated.
 */
export async function openBothSides(
  env: NodeJS.ProcessEnv,
  options: {
    readonly rate: number | undefined
    readonly signal: AbortSignal
    readonly onRetry: (line: string) => void
  },
): Promise<BothSides> {
  keepHeapSmall()
  const complete = withRunning(env, findRunning(locateDataDir()))
  const settings = readConfig(catchUpVariables, complete, fieldsLeftOut(complete))
  const pending = await pendingMigrations(settings.DATABASE_URL)
  if (pending.length > 0) {
    throw new Error(
      `the database lacks the migration ${pending.join(', ')}: run "clerk-sync migrate" first`,
    )
  }
  const db = createDatabase({ url: settings.DATABASE_URL, maxConnections })
  // A page that was asked for ahead must not hold up the end.
  const closing = new AbortController()
  const usual = defaultRate(settings.CLERK_SECRET_KEY)
  const rate = { ...usual, requests: options.rate ?? usual.requests }
  const api = createBackendApi({
    secretKey: settings.CLERK_SECRET_KEY,
    url: settings.CLERK_API_URL,
    rateLimiter:
      rate.requests === 0
        ? createRateLimiter({ requests: 1e9, perMs: 1 })
        : createSharedRateLimiter(db, rate),
    signal: AbortSignal.any([options.signal, closing.signal]),
    onRetry: ({ path, reason, inMs }) =>
      options.onRetry(`${path}: ${reason}; again in ${(inMs / 1_000).toFixed(1)} s`),
  })
  const close = async () => {
    closing.abort()
    await db.close()
  }
  try {
    const deployment = await readDeployment(db)
    const { kept, deletionPolicy } = settingsOf(complete, settings, deployment.settings)
    await checkInstance({ api, db }, complete['CLERK_INSTANCE_ID'] || deployment.instanceId)
    return { db, api, kept, rules: { deletionPolicy, auditValues: false }, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * The entities to walk: those that are kept and that Clerk's API lists, or those of them that are
 * named, by table, separated by commas.
 *
 * @throws an Error that names what can't be walked.
 */
export function chooseEntities(kept: Kept, names: string | undefined): Entity[] {
  const listed = kept.entities.filter((entity) => entity.api)
  if (names === undefined) return listed
  const asked = names.split(/[\s,]+/).filter((name) => name !== '')
  const unknown = asked.filter((name) => !listed.some(({ table }) => table === name))
  if (unknown.length > 0) {
    const tables = listed.map(({ table }) => table).join(', ')
    throw new Error(`${unknown.join(', ')} can't be read from Clerk's API; there are ${tables}`)
  }
  return listed.filter(({ table }) => asked.includes(table))
}
