import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { longestId } from '@clerk-sync/events'
import { hideValues } from '@clerk-sync/queue'
import { freshAttempts, readJobStates } from '@clerk-sync/queue/bullmq'
import type { JobState } from '@clerk-sync/queue/bullmq'

// Operators look for ids. An id tells nothing about a person without the tables.
const shownIds = ['svixId', 'type', 'entityId', 'userId', 'organizationId'] as const
const shownTimes = ['occurredAt', 'receivedAt'] as const

type Queue = ConstructorParameters<typeof BullMQAdapter>[0]
type JobCounts = Awaited<ReturnType<BullMQAdapter['getJobCounts']>>
type Job = NonNullable<Awaited<ReturnType<BullMQAdapter['getJob']>>>

// The states of an event's job. Bull Board has further ones, which no job of ours ever has.
const states = ['active', 'waiting', 'failed', 'delayed'] as const
// PostgreSQL counts the waiting jobs of a paused queue in this state. It is missing in BullMQ's type.
const paused = 'paused' as 'waiting'

/**
 * The queue as the board shows it. A job that is retried on the board gets all its attempts again;
 * Bull Board alone would allow one attempt. Personal data is hidden unless `showData` is set.
 */
export class EventQueueAdapter extends BullMQAdapter {
  readonly #queue: Queue
  readonly #showData: boolean

  constructor(queue: Queue, { showData }: { readonly showData: boolean }) {
    super(queue)
    this.#queue = queue
    this.#showData = showData
    if (!showData) this.setFormatter('data', hidePersonalData)
  }

  override getJobStatuses(): ReturnType<BullMQAdapter['getJobStatuses']> {
    return [...states]
  }

  override async getJobCounts(): Promise<JobCounts> {
    const { [paused]: held = 0, ...counts } = await this.#queue.getJobCounts(...states, paused)
    const shown = Object.fromEntries(states.map((state) => [state, counts[state] ?? 0]))
    return { ...shown, waiting: (counts['waiting'] ?? 0) + held }
  }

  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id)
    return job && (await this.#present([job]))[0]
  }

  override async getJobs(...page: Parameters<BullMQAdapter['getJobs']>): Promise<Job[]> {
    return await this.#present(await super.getJobs(...page))
  }

  async #present(jobs: readonly Job[]): Promise<Job[]> {
    const delayed = jobs.filter(({ delay }) => delay > 0)
    const ids = delayed.map(({ id }) => String(id))
    const found = await readJobStates(this.#queue, ids)
    return jobs.map((job) => this.#presentOne(job, found.get(String(job.id))))
  }

  #presentOne(job: Job, found: JobState | undefined): Job {
    const retry = job.retry.bind(job)
    const toJson = job.toJSON.bind(job)
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
      // Bull Board adds the delay to the time of the enqueueing, but the delay of an attempt begins when
      // the one before it fails.
      toJSON: () =>
        found?.state === 'delayed'
          ? { ...toJson(), delay: Math.max(1, found.nextAt - job.timestamp) }
          : toJson(),
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
