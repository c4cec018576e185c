import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { longestId } from '@clerk-sync/events'
import { hideValues } from '@clerk-sync/queue'
import { freshAttempts } from '@clerk-sync/queue/bullmq'

// Operators look for ids. An id tells nothing about a person without the tables.
const shownIds = ['svixId', 'type', 'entityId', 'userId', 'organizationId'] as const
const shownTimes = ['occurredAt', 'receivedAt'] as const

type Job = NonNullable<Awaited<ReturnType<BullMQAdapter['getJob']>>>

/**
 * The queue as the board shows it. A job that is retried on the board gets all its attempts again;
 * Bull Board alone would allow one attempt. Personal data is hidden unless `showData` is set.
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
    // Bull Board has no formatter for these two fields.
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

/** What the board shows of job.data when personal data is hidden: ids and times. */
function hidePersonalData(data: unknown): { [field: string]: unknown } {
  const job = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
  const ids = shownIds.flatMap((name) => {
    const value = job[name]
    return typeof value === 'string' ? [[name, value.slice(0, longestId)]] : []
  })
  const times = shownTimes.flatMap((name) => {
    const value = job[name]
    return typeof value === 'number' ? [[name, toIsoTime(value)]] : []
  })
  return {
    ...Object.fromEntries([...ids, ...times]),
    data: 'hidden: BOARD_SHOW_DATA=true shows it',
  }
}

function toIsoTime(ms: number): string {
  const time = new Date(ms)
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString()
}
