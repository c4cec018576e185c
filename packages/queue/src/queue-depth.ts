import type { QueueLocation } from './location.ts'
import { openQueue } from './open-queue.ts'

/** Jobs by state. A job between two attempts is delayed, one that gave up is failed. */
type QueueDepth = { readonly [State in (typeof states)[number]]: number }

const states = ['waiting', 'active', 'delayed', 'failed', 'completed'] as const

export interface QueueDepthReader {
  /** @throws when the queue does not answer. */
  read(): Promise<QueueDepth>
  close(): Promise<void>
}

export function createQueueDepthReader(
  location: QueueLocation,
  onError: (error: Error) => void,
): QueueDepthReader {
  const opened = openQueue(location, { onError })
  return {
    async read() {
      const counts = await opened.queue.getJobCounts(...states)
      return Object.fromEntries(states.map((state) => [state, counts[state] ?? 0])) as QueueDepth
    },
    close: () => opened.close(),
  }
}
