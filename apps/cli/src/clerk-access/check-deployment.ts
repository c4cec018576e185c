import { ApiRefusedError, FeatureNotEnabledError } from '@clerk-sync/events/backend-api'
import type { BackendApi } from '@clerk-sync/events/backend-api'
import { saveInstanceId } from '@clerk-sync/sync'
import type { Database, DeletionPolicy } from '@clerk-sync/db'
import { isClerkObject, choiceOf, keptBy, selectKept } from '@clerk-sync/events'
import type { readDeployment } from '@clerk-sync/sync'
import type { Kept } from '@clerk-sync/events'

/**
 * Checks that CLERK_SECRET_KEY is of the instance whose data the tables hold. The first reading of Clerk
 * saves the instance's id in the database.
 *
 * @throws an Error that names both instances when they differ.
 */
export async function checkInstance(
  { api, db }: { api: BackendApi; db: Database },
  expected: string | undefined,
): Promise<void> {
  const id = await readInstanceId(api)
  if (id === undefined) return
  if (expected !== undefined && id !== expected) {
    throw new Error(
      `CLERK_SECRET_KEY is of the instance ${id}, but these tables are of ${expected}: nothing was read or written`,
    )
  }
  await saveInstanceId(db, id)
}

async function readInstanceId(api: BackendApi): Promise<string | undefined> {
  try {
    const instance = await api.get('/instance')
    const id = isClerkObject(instance) ? instance['id'] : undefined
    return typeof id === 'string' ? id : undefined
  } catch (error) {
    if (error instanceof ApiRefusedError || error instanceof FeatureNotEnabledError)
      return undefined
    throw error
  }
}

type Saved = Awaited<ReturnType<typeof readDeployment>>['settings']

/**
 * What is kept, and what a deletion does. The worker saves both in the database: they apply where the
 * environment does not set them.
 *
 * @throws an Error when the environment sets something else than the worker has.
 */
export function settingsOf(
  env: NodeJS.ProcessEnv,
  read: Parameters<typeof keptBy>[0] & { readonly DELETION_POLICY: DeletionPolicy },
  saved: Saved,
): { kept: Kept; deletionPolicy: DeletionPolicy } {
  const own = { kept: keptBy(read), deletionPolicy: read.DELETION_POLICY }
  if (!saved) return own
  const kept = selectKept(saved.choice)
  const differing = [
    ...(env['DELETION_POLICY'] && own.deletionPolicy !== saved.deletionPolicy
      ? ['DELETION_POLICY']
      : []),
    ...((env['SYNC_ENTITIES'] || env['SYNC_FIELDS']) && !isSame(own.kept, kept)
      ? ['what SYNC_ENTITIES and SYNC_FIELDS keep']
      : []),
  ]
  if (differing.length > 0) {
    throw new Error(
      `${differing.join(' and ')} differs from the worker's: leave it unset here to use the worker's, or start the worker with it first`,
    )
  }
  return { kept, deletionPolicy: saved.deletionPolicy }
}

const sorted = (kept: Kept) => {
  const { entities = [], fields = [] } = choiceOf(kept)
  return JSON.stringify([entities.toSorted(), fields.toSorted()])
}
const isSame = (one: Kept, other: Kept) => sorted(one) === sorted(other)
