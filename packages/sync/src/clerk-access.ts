import { createDatabase } from '@clerk-sync/db'
import type { Database, DeletionPolicy, WriteRules } from '@clerk-sync/db'
import type { Entity, Kept } from '@clerk-sync/events'
import { createBackendApi, createRateLimiter, defaultRate } from '@clerk-sync/events/backend-api'
import type { BackendApi } from '@clerk-sync/events/backend-api'
import { checkInstance } from './check-instance.ts'
import { createSharedRateLimiter } from './shared-rate-limiter.ts'
import { readDeployment } from './statements/deployment.ts'
import type { DeploymentSettings } from './statements/deployment.ts'

/** What backfill and reconcile work with. Whoever opened it closes it. */
export interface ClerkAccess {
  readonly db: Database
  readonly api: BackendApi
  readonly kept: Kept
  readonly rules: WriteRules
  close(): Promise<void>
}

export interface ClerkAccessOptions {
  readonly databaseUrl: string
  readonly secretKey: string
  readonly apiUrl: string
  /** The instance that the key has to be of; absent: the one that was read first. */
  readonly instanceId: string | undefined
  /** What is kept, and what a deletion does, from what the worker has saved. It may throw. */
  readonly settingsFrom: (saved: DeploymentSettings | undefined) => {
    kept: Kept
    deletionPolicy: DeletionPolicy
  }
  /** Requests per 10 s, 0 for no limit. Without it, Clerk's own. */
  readonly rate?: number | undefined
  readonly signal: AbortSignal
  readonly onRetry: (line: string) => void
}

const maxConnections = 4

/**
 * Opens the database and Clerk's API with the settings of the deployment. All processes on one database
 * share one rate limit.
 *
 * @throws an Error when the database holds another instance, and what `settingsFrom` throws.
 */
export async function openClerkAccess(options: ClerkAccessOptions): Promise<ClerkAccess> {
  const db = createDatabase({ url: options.databaseUrl, maxConnections })
  // The next page may be on its way: closing must not wait for it.
  const closing = new AbortController()
  const usual = defaultRate(options.secretKey)
  const rate = { ...usual, requests: options.rate ?? usual.requests }
  const api = createBackendApi({
    secretKey: options.secretKey,
    url: options.apiUrl,
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
    const { kept, deletionPolicy } = options.settingsFrom((await readDeployment(db)).settings)
    await checkInstance({ api, db }, options.instanceId)
    return { db, api, kept, rules: { deletionPolicy, auditValues: false }, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The entities that are kept and that Clerk's API lists. */
export function listedEntities(kept: Kept): Entity[] {
  return kept.entities.filter((entity) => entity.api)
}
