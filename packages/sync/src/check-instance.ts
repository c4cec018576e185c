import type { Database } from '@clerk-sync/db'
import { isClerkObject } from '@clerk-sync/events'
import { ApiRefusedError, FeatureNotEnabledError } from '@clerk-sync/events/backend-api'
import type { BackendApi } from '@clerk-sync/events/backend-api'
import { readDeployment, saveInstanceId } from './statements/deployment.ts'

/**
 * Checks that the secret key of `api` is of the instance whose data the tables hold: of `expected`, or
 * else of the instance that was read first, whose id is saved in the database.
 *
 * @throws an Error that names both instances when they differ.
 */
export async function checkInstance(
  { api, db }: { api: BackendApi; db: Database },
  expected: string | undefined,
): Promise<void> {
  const id = await readInstanceId(api)
  if (id === undefined) return
  const known = expected ?? (await readDeployment(db)).instanceId
  if (known !== undefined && id !== known) {
    throw new Error(
      `CLERK_SECRET_KEY is of the instance ${id}, but these tables are of ${known}: nothing was read or written`,
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
