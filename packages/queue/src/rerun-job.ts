import type { Job, Queue } from 'bullmq'

/** Runs a failed job again with all its attempts, and one that waits for its next attempt now. */
export async function rerunJob(queue: Queue, job: Job): Promise<void> {
  const state = await queue.getJobState(String(job.id))
  if (state !== 'failed' && state !== 'delayed') return
  try {
    if (state === 'delayed') await job.promote()
    else await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
  } catch (error) {
    // Another delivery or a person on the board may have been quicker.
    if ((await queue.getJobState(String(job.id))) === state) throw error
  }
}
