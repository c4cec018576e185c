import { findGone } from '@clerk-sync/db'
import type { Change, Database } from '@clerk-sync/db'
import type { Kept } from '@clerk-sync/entities'
import { CannotApplyError, rerunJob, scanJobs } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { toChange } from './change.ts'

type Job = Parameters<typeof rerunJob>[1]

/**
 * Runs jobs again that failed or wait for their next attempt although what they tell of is gone: they
 * hold a person's data. Now they are stale, and leave the queue for the ledger. Returns how many.
 */
export async function forgetGone(deps: {
  readonly db: Database
  readonly queue: OpenQueue
  readonly kept: Kept
}): Promise<number> {
  const found: Job[] = []
  for await (const jobs of scanJobs(deps.queue)) {
    const changes = new Map(jobs.flatMap((job) => changeOf(deps.kept, job)))
    const gone = await findGone(deps.db, [...changes.keys()])
    for (const [change, job] of changes) if (gone.has(change)) found.push(job)
  }
  for (const job of found) await rerunJob(deps.queue.queue, job)
  return found.length
}

function changeOf(kept: Kept, job: Job): [Change, Job][] {
  try {
    return [[toChange(kept, job.data), job]]
  } catch (error) {
    if (error instanceof CannotApplyError) return []
    throw error
  }
}
