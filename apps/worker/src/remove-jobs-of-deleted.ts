import { findDeleted } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { changeFromEvent, InvalidEventError, parseEventJob, userEntity } from '@clerk-sync/events'
import type { Change, Kept } from '@clerk-sync/events'
import { removeJob, rerunJob, scanJobs } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'

/** A job that failed or waits for its next attempt, and what ends it once its entity is deleted. */
interface Candidate {
  readonly id: string
  readonly change: Change
  readonly end: (queue: OpenQueue, id: string) => Promise<void>
}

/**
 * Ends jobs that failed or wait for their next attempt although the entity that they concern is
 * deleted: they hold a person's data. A job that can be applied runs again, is stale, and leaves the
 * queue for the ledger. A job that would only fail again is removed. Returns how many were ended.
 */
export async function removeJobsOfDeleted(
  deps: { readonly db: Database; readonly queue: OpenQueue; readonly kept: Kept },
  stopping: AbortSignal,
): Promise<number> {
  const found: Candidate[] = []
  for await (const jobs of scanJobs(deps.queue)) {
    if (stopping.aborted) return 0
    const candidates = jobs.flatMap(({ id, data }) => toCandidate(deps.kept, id, data) ?? [])
    const changes = candidates.map(({ change }) => change)
    const deleted = await findDeleted(deps.db, changes)
    found.push(...candidates.filter(({ change }) => deleted.has(change)))
  }
  let ended = 0
  for (const { id, end } of found) {
    if (stopping.aborted) break
    await end(deps.queue, id)
    ended += 1
  }
  return ended
}

function toCandidate(kept: Kept, id: string, data: unknown): Candidate | undefined {
  try {
    return { id, change: changeFromEvent(kept, data), end: rerunJob }
  } catch (error) {
    if (!(error instanceof InvalidEventError)) throw error
    const change = changeOfUser(data)
    return change && { id, change, end: removeJob }
  }
}

// An event that can't be applied may still say which user it concerns.
function changeOfUser(data: unknown): Change | undefined {
  const userId = parseEventJob(data)?.userId
  if (userId === undefined) return undefined
  const error = new InvalidEventError('it names no entity')
  const about = { entity: userEntity, id: userId, concerned: { user: userId }, event: undefined }
  return { kind: 'unreadable', ...about, error }
}
