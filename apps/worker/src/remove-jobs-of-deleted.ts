import { findDeleted } from '@clerk-sync/db'
import type { Change, Database } from '@clerk-sync/db'
import { entities, parseEventJob } from '@clerk-sync/events'
import type { Kept } from '@clerk-sync/events'
import { CannotApplyError, removeJob, rerunJob, scanJobs } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { toChange } from './change.ts'

/** What is looked at of a job. */
interface Job {
  readonly id?: string | undefined
  readonly data: unknown
}

/** What to do with a job whose change tells of something that is gone. */
interface Doomed {
  readonly change: Change
  readonly end: (queue: OpenQueue, id: string) => Promise<void>
}

/**
 * Ends jobs that failed or wait for their next attempt although what they tell of is gone: they hold
 * a person's data. Run again they are stale, and leave the queue for the ledger; what would only fail
 * again is removed. Returns how many.
 */
export async function forgetGone(
  deps: { readonly db: Database; readonly queue: OpenQueue; readonly kept: Kept },
  stopping: AbortSignal,
): Promise<number> {
  const found: [id: string, end: Doomed['end']][] = []
  for await (const jobs of scanJobs(deps.queue)) {
    if (stopping.aborted) return 0
    const doomed = jobs.flatMap((job) => doomOf(deps.kept, job) ?? [])
    const gone = await findDeleted(
      deps.db,
      doomed.map(({ change }) => change),
    )
    for (const { id, change, end } of doomed) if (gone.has(change)) found.push([id, end])
  }
  let ended = 0
  for (const [id, end] of found) {
    if (stopping.aborted) break
    await end(deps.queue, id)
    ended += 1
  }
  return ended
}

function doomOf(kept: Kept, job: Job): (Doomed & { id: string }) | undefined {
  const id = String(job.id)
  try {
    return { id, change: toChange(kept, job.data), end: rerunJob }
  } catch (error) {
    if (!(error instanceof CannotApplyError)) throw error
    const change = ofUser(job.data)
    return change && { id, change, end: removeJob }
  }
}

// An event that names no entity of its own may still say whose it is.
function ofUser(data: unknown): Change | undefined {
  const job = parseEventJob(data)
  const user = entities.find(({ name }) => name === 'user')
  if (job?.userId === undefined || !user) return undefined
  const { svixId, type, entityId, userId, organizationId, occurredAt, receivedAt } = job
  const nothing = { clientIp: undefined, userAgent: undefined }
  const about = { type, entityId, userId, organizationId, occurredAt, receivedAt, ...nothing }
  const error = new Error('it names no entity')
  return { kind: 'unreadable', event: { id: svixId, ...about }, entity: user, id: userId, error }
}
