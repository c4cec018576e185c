import { toJobId } from './job-id.ts'
import { isJobIn } from './job-state.ts'
import type { OpenQueue } from './open-queue.ts'

/** Why an event's last attempt failed: it waits for its next one, or is in the failed set for good. */
export interface Failure {
  readonly reason: string
  readonly final: boolean
}

/** Undefined when the event has no job, or its job has not failed. */
export async function readFailure(opened: OpenQueue, svixId: string): Promise<Failure | undefined> {
  const jobId = toJobId(svixId)
  const job = await opened.queue.getJob(jobId)
  if (!job?.failedReason) return undefined
  return { reason: job.failedReason, final: await isJobIn(opened, 'failed', jobId) }
}
