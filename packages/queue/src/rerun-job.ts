import type { OpenQueue } from './open-queue.ts'

/** Runs a failed job again with all its attempts, and one that waits for its next attempt now. */
export async function rerunJob({ queue }: Pick<OpenQueue, 'queue'>, id: string): Promise<void> {
  const job = await queue.getJob(id)
  const state = await queue.getJobState(id)
  if (!job || (state !== 'failed' && state !== 'delayed')) return
  try {
    if (state === 'delayed') await job.promote()
    else await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
  } catch (error) {
    // Another delivery or a person on the board may have been quicker.
    if ((await queue.getJobState(id)) === state) throw error
  }
}

/** Removes a job, unless a worker has it. */
export async function removeJob({ queue }: Pick<OpenQueue, 'queue'>, id: string): Promise<void> {
  await queue.remove(id)
}
