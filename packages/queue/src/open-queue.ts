import type { Queue } from 'bullmq'
import { connectQueue } from './connect-queue.ts'
import type { QueueLocation } from './location.ts'
import { openUntilReady } from './reopen.ts'

export interface OpenQueue {
  /** The queue to use now: ask for it at each use. */
  readonly queue: Queue
  close(): Promise<void>
}

export interface QueueListeners {
  /** Hears of every connection error; the queue goes on by itself. */
  readonly onError: (error: Error) => void
  /** Called with the first queue, and with each one that takes its place. */
  readonly onOpen?: (queue: Queue) => void
}

/** A queue that fails fast while its server is away and works again when it is back. */
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
