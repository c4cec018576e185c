import { hasFailedBefore } from './has-failed-before.ts'
import type { OpenQueue } from './open-queue.ts'

// Behind a job that came back there is mostly one that is here for the first time.
const jobsLookedAt = 5

/**
 * For how many milliseconds the job that is next has waited, at the least; 0 when none waits. A job
 * that came back after a failure keeps the time of its first enqueueing, so it counts from when it
 * was first seen waiting here, or by a younger job behind it that never failed.
 *
 * @throws when the queue does not answer.
 */
export function watchOldestWaiting(opened: Pick<OpenQueue, 'queue'>): () => Promise<number> {
  let firstSeen = new Map<string, number>()
  return async () => {
    const jobs = await opened.queue.getJobs(['waiting'], 0, jobsLookedAt - 1, true)
    const now = Date.now()
    const cameBack = jobs.filter(hasFailedBefore).map(({ id }) => String(id))
    firstSeen = new Map(cameBack.map((id) => [id, firstSeen.get(id) ?? now]))
    const since = jobs.map((job) => firstSeen.get(String(job.id)) ?? job.timestamp)
    return Math.max(0, now - Math.min(now, ...since))
  }
}
