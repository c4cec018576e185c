import { applyChanges, findDeleted } from '@clerk-sync/db'
import type { Database, WriteRules } from '@clerk-sync/db'
import { changeFromEvent, changeOfUser, InvalidEventError } from '@clerk-sync/events'
import type { Change, Kept } from '@clerk-sync/events'
import { removeJob, rerunJob, scanJobs } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'

/** A job that failed or waits for its next attempt, and what ends it once its entity is deleted. */
interface Candidate {
  readonly id: string
  readonly change: Change
  readonly end: (queue: OpenQueue, id: string) => Promise<void>
}

export interface RemoveJobsDeps {
  readonly db: Database
  readonly queue: OpenQueue
  readonly kept: Kept
  readonly rules: WriteRules
}

/** How many jobs were ended, and how many stay because the ledger did not take their event. */
export interface RemovedJobs {
  readonly ended: number
  readonly refused: number
}

/**
 * Ends jobs that failed or wait for their next attempt although the entity that they concern is
 * deleted: they hold a person's data. A job that can be applied runs again, is stale, and leaves the
 * queue for the ledger. A job that would only fail again is removed once its event is in the ledger.
 */
export async function removeJobsOfDeleted(
  deps: RemoveJobsDeps,
  stopping: AbortSignal,
): Promise<RemovedJobs> {
  const found: Candidate[] = []
  let refused = 0
  for await (const jobs of scanJobs(deps.queue)) {
    if (stopping.aborted) return { ended: 0, refused }
    const candidates = jobs.flatMap(({ id, data }) => toCandidate(deps.kept, id, data) ?? [])
    const changes = candidates.map(({ change }) => change)
    const deleted = await findDeleted(deps.db, changes)
    const concerned = candidates.filter(({ change }) => deleted.has(change))
    const removable = await recordUnreadable(deps, concerned)
    refused += concerned.length - removable.length
    found.push(...removable)
  }
  let ended = 0
  for (const { id, end } of found) {
    if (stopping.aborted) break
    await end(deps.queue, id)
    ended += 1
  }
  return { ended, refused }
}

// An event was acknowledged: it must be in the ledger before its job is removed. Returns the jobs that
// may be ended.
async function recordUnreadable(
  { db, rules }: RemoveJobsDeps,
  candidates: readonly Candidate[],
): Promise<Candidate[]> {
  const changes = candidates.map(({ change }) => change).filter(isUnreadable)
  if (changes.length === 0) return [...candidates]
  const results = await applyChanges(db, changes, rules)
  const refused = new Set<Change>(changes.filter((_, index) => !results[index]?.ok))
  return candidates.filter(({ change }) => !refused.has(change))
}

const isUnreadable = (change: Change) => change.kind === 'unreadable'

function toCandidate(kept: Kept, id: string, data: unknown): Candidate | undefined {
  try {
    return { id, change: changeFromEvent(kept, data), end: rerunJob }
  } catch (error) {
    if (!(error instanceof InvalidEventError)) throw error
    const change = changeOfUser(data, error)
    return change && { id, change, end: removeJob }
  }
}
