import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { freshAttempts, hideValues } from '@clerk-sync/queue'
import { hidePersonalData } from './visible-data.ts'

type Job = NonNullable<Awaited<ReturnType<BullMQAdapter['getJob']>>>

/**
 * The queue as the board sees it. A job that is retried from the board gets all its attempts again,
 * like one whose event Clerk sends again; Bull Board's own retry allows a single one. What a job
 * holds of a person is hidden unless it is asked for.
 */
export class EventQueueAdapter extends BullMQAdapter {
  readonly #showData: boolean

  constructor(
    queue: ConstructorParameters<typeof BullMQAdapter>[0],
    { showData }: { readonly showData: boolean },
  ) {
    super(queue)
    this.#showData = showData
    if (!showData) this.setFormatter('data', hidePersonalData)
  }

  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id)
    return job && this.#present(job)
  }

  override async getJobs(...page: Parameters<BullMQAdapter['getJobs']>): Promise<Job[]> {
    const jobs = await super.getJobs(...page)
    return jobs.map((job) => this.#present(job))
  }

  #present(job: Job): Job {
    const retry = job.retry.bind(job)
    const { failedReason, stacktrace } = job
    // Bull Board has no formatter for these two.
    const hidden = this.#showData
      ? {}
      : {
          failedReason: failedReason && hideValues(failedReason),
          stacktrace: stacktrace && stacktrace.map((stack) => stack && hideValues(stack)),
        }
    return Object.assign(job, {
      ...hidden,
      retry: (state: Parameters<Job['retry']>[0]) => retry(state, freshAttempts),
    })
  }
}
