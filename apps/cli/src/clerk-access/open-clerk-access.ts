import { setFlagsFromString } from 'node:v8'
import { clerkApiUrl, clerkSecretKey } from '@clerk-sync/events/backend-api'
import { listedEntities, openClerkAccess as open } from '@clerk-sync/sync'
import type { ClerkAccess } from '@clerk-sync/sync'
import { deletionPolicies } from '@clerk-sync/db'
import { pendingMigrations } from '@clerk-sync/db/migrate'
import type { Entity, Kept } from '@clerk-sync/events'
import { postgresUrl, oneOf, readConfig } from '@clerk-sync/ops'
import { fieldsLeftOut, keptVariables } from '@clerk-sync/events'
import { locateDataDir } from '../start/data-dir.ts'
import { findOwn, findRunning, withRunning } from '../start/running.ts'
import type { Running } from '../start/running.ts'
import { settingsOf } from './check-deployment.ts'

const variables = {
  DATABASE_URL: postgresUrl,
  CLERK_SECRET_KEY: clerkSecretKey,
  CLERK_API_URL: clerkApiUrl,
  DELETION_POLICY: oneOf(deletionPolicies, 'erase'),
  ...keptVariables,
}

/**
 * Opens what `backfill` and `reconcile` work with, by the environment. `rate` is in requests per 10 s, 0
 * for no limit. The caller closes it.
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
  const running = findRunning(locateDataDir())
  const complete = withRunning(env, running)
  const settings = readConfig(variables, complete, [
    ...fieldsLeftOut(complete),
    ...wayWithoutKey(complete, running),
  ])
  const pending = await pendingMigrations(settings.DATABASE_URL)
  if (pending.length > 0) {
    throw new Error(
      `the database lacks the migration ${pending.join(', ')}: run "clerk-sync migrate" first`,
    )
  }
  return await open({
    databaseUrl: settings.DATABASE_URL,
    secretKey: settings.CLERK_SECRET_KEY,
    apiUrl: settings.CLERK_API_URL,
    instanceId: complete['CLERK_INSTANCE_ID'] || undefined,
    settingsFrom: (saved) => settingsOf(complete, settings, saved),
    ...options,
  })
}

// Who tries clerk-sync out has no key, and does not know the option.
function wayWithoutKey(env: NodeJS.ProcessEnv, running: Running | undefined): string[] {
  if (env['CLERK_SECRET_KEY'] || !findOwn(env, running)) return []
  return [
    'to try it while it is not set, stop "clerk-sync start" and run "clerk-sync start --fake-clerk 1000"',
  ]
}

/**
 * The entities to read: those that are kept and that Clerk's API lists. `names` are tables, separated by
 * commas, and select some of them.
 *
 * @throws an Error that names what can't be read.
 */
export function chooseEntities(kept: Kept, names: string | undefined): Entity[] {
  const listed = listedEntities(kept)
  if (names === undefined) return listed
  const asked = names.split(/[\s,]+/).filter((name) => name !== '')
  const unknown = asked.filter((name) => !listed.some(({ table }) => table === name))
  if (unknown.length > 0) {
    const tables = listed.map(({ table }) => table).join(', ')
    throw new Error(`${unknown.join(', ')} can't be read from Clerk's API; there are ${tables}`)
  }
  return listed.filter(({ table }) => asked.includes(table))
}
