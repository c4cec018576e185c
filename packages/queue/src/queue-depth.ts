import { retry } from '@clerk-sync/ops'
import type { JobType } from 'bullmq'
import { connectQueue } from './connect.ts'
import { hasFailedBefore } from './consumer.ts'
import { checkKeyTypes } from './key-types.ts'
import type { QueueLocation } from './location.ts'
import { BrokenQueueError, bullQueueOf, toOpenQueue } from './open-queue.ts'
import type { OpenQueue } from './open-queue.ts'

const connectTimeoutMs = 4_000
const retryDelayMs = 50
// Behind a job that was retried there is nearly always one that never failed.
const oldestJobs = 5

/** The states of an event's job. */
export const jobStates = ['waiting', 'active', 'delayed', 'failed'] as const
type JobState = (typeof jobStates)[number]

/** Jobs by state. A job between two attempts is delayed; a done job is no longer in the queue. */
export type QueueDepth = { readonly [State in JobState]: number }

// PostgreSQL counts the waiting jobs of a paused queue in this state. It is missing in BullMQ's type.
const paused = 'paused' as JobType

/** Counts the jobs by state. @throws when the queue does not answer. */
export async function readQueueDepth(opened: OpenQueue): Promise<QueueDepth> {
  const { [paused]: held = 0, ...counts } = await bullQueueOf(opened).getJobCounts(
    ...jobStates,
    paused,
  )
  const depth = Object.fromEntries(jobStates.map((state) => [state, counts[state] ?? 0]))
  return { ...depth, waiting: (depth['waiting'] ?? 0) + held } as QueueDepth
}

/**
 * Reads for how many milliseconds the oldest waiting job has waited, at least; 0 when none waits. A
 * job that failed before keeps the time of its first enqueueing. Its wait is counted from when this
 * function saw it first, or from the enqueueing of a job behind it that never failed.
 *
 * @throws when the queue does not answer.
 */
export function watchOldestWaiting(opened: OpenQueue): () => Promise<number> {
  let firstSeen = new Map<string, number>()
  return async () => {
    const jobs = await bullQueueOf(opened).getJobs(['waiting'], 0, oldestJobs - 1, true)
    const now = Date.now()
    const retried = jobs.filter(hasFailedBefore).map(({ id }) => String(id))
    firstSeen = new Map(retried.map((id) => [id, firstSeen.get(id) ?? now]))
    const since = jobs.map((job) => firstSeen.get(String(job.id)) ?? job.timestamp)
    return Math.max(0, now - Math.min(now, ...since))
  }
}

/** What waits in the queue. */
export interface QueueFacts {
  readonly depth: QueueDepth
  readonly isPaused: boolean
  /** For how long the oldest waiting job has waited, at least; 0 when none waits. */
  readonly oldestWaitingMs: number
}

/**
 * Reads the facts over a connection of its own.
 *
 * @throws when the queue does not answer in 4 s, and at once when one of its keys has a wrong type.
 */
export async function inspectQueue(location: QueueLocation): Promise<QueueFacts> {
  const connected = connectQueue(location)
  const { queue } = connected
  const opened = toOpenQueue(connected)
  queue.on('error', () => undefined)
  const readOnce = async () => {
    await checkKeyTypes(opened)
    return await readQueueDepth(opened)
  }
  try {
    // On Redis a command fails at once until there is a connection.
    const depth = await retry(readOnce, {
      firstDelayMs: retryDelayMs,
      timeoutMs: connectTimeoutMs,
      isRetryable: (error) => !(error instanceof BrokenQueueError),
    })
    const [isPaused, oldestWaitingMs] = await Promise.all([
      queue.isPaused(),
      watchOldestWaiting(opened)(),
    ])
    return { depth, isPaused, oldestWaitingMs }
  } finally {
    await connected.close()
  }
}
