import type { OpenQueue } from './open-queue.ts'

/** Jobs by state. A job between two attempts is delayed, one that gave up is failed; done jobs go. */
export type QueueDepth = { readonly [State in (typeof states)[number]]: number }

const states = ['waiting', 'active', 'delayed', 'failed'] as const

/** @throws when the queue does not answer. */
export async function readQueueDepth({ queue }: OpenQueue): Promise<QueueDepth> {
  const counts = await queue.getJobCounts(...states)
  return Object.fromEntries(states.map((state) => [state, counts[state] ?? 0])) as QueueDepth
}
