import { ApiRefusedError, FeatureNotEnabledError } from '@clerk-sync/events/backend-api'
import type { BackendApi } from '@clerk-sync/events/backend-api'
import { saveInstanceId } from '@clerk-sync/sync'
import type { Database } from '@clerk-sync/db'
import { isClerkObject } from '@clerk-sync/events'

/**
 * Makes sure that the key is of the instance whose data the tables hold, which is written down when
 * Clerk is read for the first time.
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
