import type { DeletionPolicy } from '@clerk-sync/db'
import { choiceOf, keptBy, selectKept } from '@clerk-sync/events'
import type { readDeployment } from '@clerk-sync/sync'
import type { Kept } from '@clerk-sync/events'

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
