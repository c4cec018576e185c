import { setFlagsFromString } from 'node:v8'
import {
  clerkApiUrl,
  clerkSecretKey,
  createBackendApi,
  createRateLimiter,
  defaultRate,
} from '@clerk-sync/events/backend-api'
import type { BackendApi } from '@clerk-sync/events/backend-api'
import { checkInstance, createSharedRateLimiter, readDeployment } from '@clerk-sync/sync'
import { createDatabase, deletionPolicies } from '@clerk-sync/db'
import { pendingMigrations } from '@clerk-sync/db/migrate'
import type { Database, WriteRules } from '@clerk-sync/db'
import type { Entity, Kept } from '@clerk-sync/events'
import { postgresUrl, oneOf, readConfig } from '@clerk-sync/ops'
import { fieldsLeftOut, keptVariables } from '@clerk-sync/events'
import { locateDataDir } from '../start/data-dir.ts'
import { findRunning, withRunning } from '../start/running.ts'
import { settingsOf } from './check-deployment.ts'

const variables = {
  DATABASE_URL: postgresUrl,
  CLERK_SECRET_KEY: clerkSecretKey,
  CLERK_API_URL: clerkApiUrl,
  DELETION_POLICY: oneOf(deletionPolicies, 'erase'),
  ...keptVariables,
}

/** What `backfill` and `reconcile` work with. The caller closes it. */
export interface ClerkAccess {
  readonly db: Database
  readonly api: BackendApi
  readonly kept: Kept
  readonly rules: WriteRules
  close(): Promise<void>
}

const maxConnections = 4

/**
 * Opens the database and Clerk's API with the settings of the deployment. All processes on one database
 * share one rate limit; `rate` is in requests per 10 s, 0 for no limit.
 *
 * @throws {ConfigError} that lists every problem; an Error when the database is not migrated, or holds
 * another instance or other settings.
 */
export async function openClerkAccess(
  env: NodeJS.ProcessEnv,
  options: {
    readonly rate: number | undefined
    readonly signal: AbortSignal
    readonly onRetry: (line: string) => void
  },
): Promise<ClerkAccess> {
  // A page of Clerk is garbage as soon as it is written, but on a large machine V8 lets the heap grow
  // to five times of what is in use. This keeps the process at 190 MB instead of 390 MB. It costs CPU,
  // but Clerk's answers take longer than that.
  setFlagsFromString('--optimize-for-size')
  const complete = withRunning(env, findRunning(locateDataDir()))
  const settings = readConfig(variables, complete, fieldsLeftOut(complete))
  const pending = await pendingMigrations(settings.DATABASE_URL)
  if (pending.length > 0) {
    throw new Error(
      `the database lacks the migration ${pending.join(', ')}: run "clerk-sync migrate" first`,
    )
  }
  const db = createDatabase({ url: settings.DATABASE_URL, maxConnections })
  // The next page may be on its way: closing must not wait for it.
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
    const saved = (await readDeployment(db)).settings
    const { kept, deletionPolicy } = settingsOf(complete, settings, saved)
    await checkInstance({ api, db }, complete['CLERK_INSTANCE_ID'] || undefined)
    return { db, api, kept, rules: { deletionPolicy, auditValues: false }, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * The entities to read: those that are kept and that Clerk's API lists. `names` are tables, separated by
 * commas, and select some of them.
 *
 * @throws an Error that names what can't be read.
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
