import type { Queue } from 'bullmq'
import { connectQueue, openUntilReady } from './connect.ts'
import type { QueueLocation } from './location.ts'

export interface OpenQueue {
  /**
   * BullMQ's own queue, for Bull Board and tests. It changes when the first connection failed: read it
   * at each use.
   */
  readonly queue: Queue
  close(): Promise<void>
}

export interface QueueListeners {
  /** Called with every connection error. The queue connects again by itself. */
  readonly onError: (error: Error) => void
  /** Called with the first BullMQ queue, and with each one that replaces it. */
  readonly onOpen?: (queue: Queue) => void
}

/** Opens the queue of events. It fails fast while its server is unavailable, and connects again. */
export function openQueue(location: QueueLocation, { onError, onOpen }: QueueListeners): OpenQueue {
  const opened = openUntilReady(() => {
    const { queue, close } = connectQueue(location)
    queue.on('error', onError)
    onOpen?.(queue)
    return { queue, ready: queue.waitUntilReady(), close }
  }, onError)
  return {
    get queue() {
      return opened.current.queue
    },
    close: opened.close,
  }
}

/**
 * Whether a job is in the failed set, or waits for its next attempt. BullMQ's getJobState searches the
 * whole list of waiting jobs: with 100,000 events it blocks Redis for 26 ms.
 */
export async function isJobIn(
  { queue }: Pick<OpenQueue, 'queue'>,
  state: 'failed' | 'delayed',
  id: string,
): Promise<boolean> {
  return await queue.getBackend().isJobInState(state, id)
}
