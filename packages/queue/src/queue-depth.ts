import type { JobType } from 'bullmq'
import type { OpenQueue } from './open-queue.ts'

/** Jobs by state. A job between two attempts is delayed, one that gave up is failed; done jobs go. */
export type QueueDepth = { readonly [State in JobState]: number }

/** The states that a job of ours can be in. */
export const jobStates = ['waiting', 'active', 'delayed', 'failed'] as const
type JobState = (typeof jobStates)[number]

// How PostgreSQL counts what waits while the queue is paused; BullMQ's type has forgotten it.
const paused = 'paused' as JobType

/** @throws when the queue does not answer. */
export async function readQueueDepth({ queue }: OpenQueue): Promise<QueueDepth> {
  const { [paused]: held = 0, ...counts } = await queue.getJobCounts(...jobStates, paused)
  const depth = Object.fromEntries(jobStates.map((state) => [state, counts[state] ?? 0]))
  return { ...depth, waiting: (depth['waiting'] ?? 0) + held } as QueueDepth
}
