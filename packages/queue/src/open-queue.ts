import { setTimeout as sleep } from 'node:timers/promises'
import type { Queue } from 'bullmq'
import { connectQueue } from './connect-queue.ts'
import type { ConnectedQueue } from './connect-queue.ts'
import type { QueueLocation } from './location.ts'

const pauseBeforeReopeningMs = 1_000

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

/**
 * A queue that fails fast while its server is away and works again when it is back. It is opened
 * anew until its first connection works: BullMQ's PostgreSQL backend remembers one that failed,
 * for ever.
 */
export function openQueue(location: QueueLocation, { onError, onOpen }: QueueListeners): OpenQueue {
  const closing = new AbortController()
  let current = open()

  function open(): ConnectedQueue {
    const opened = connectQueue(location)
    opened.queue.on('error', onError)
    opened.queue.waitUntilReady().catch((error: Error) => reopen(opened, error))
    onOpen?.(opened.queue)
    return opened
  }

  async function reopen(failed: ConnectedQueue, error: Error): Promise<void> {
    if (closing.signal.aborted) return
    onError(error)
    await sleep(pauseBeforeReopeningMs, undefined, { signal: closing.signal }).catch(
      () => undefined,
    )
    if (closing.signal.aborted) return
    current = open()
    await failed.close().catch(onError)
  }

  return {
    get queue() {
      return current.queue
    },
    async close() {
      closing.abort()
      await current.close()
    },
  }
}
