import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'

type Job = NonNullable<Awaited<ReturnType<BullMQAdapter['getJob']>>>

/**
 * The queue as the board sees it. A job that is retried from the board gets all its attempts again,
 * like one whose event Clerk sends again; Bull Board's own retry allows a single one.
 */
export class EventQueueAdapter extends BullMQAdapter {
  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id)
    return job && withFreshAttempts(job)
  }

  override async getJobs(...page: Parameters<BullMQAdapter['getJobs']>): Promise<Job[]> {
    const jobs = await super.getJobs(...page)
    return jobs.map(withFreshAttempts)
  }
}

function withFreshAttempts(job: Job): Job {
  const retry = job.retry.bind(job)
  return Object.assign(job, {
    retry: (state: Parameters<Job['retry']>[0]) =>
      retry(state, { resetAttemptsMade: true, resetAttemptsStarted: true }),
  })
}
