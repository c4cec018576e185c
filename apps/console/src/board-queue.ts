import { setTimeout as sleep } from 'node:timers/promises'
import { openQueue } from '@clerk-sync/queue'
import type { OpenQueue, QueueLocation } from '@clerk-sync/queue'

const pauseBeforeReopeningMs = 1_000

export interface BoardQueueEvents {
  /** Use this queue from now on. */
  readonly onOpen: (queue: OpenQueue['queue']) => void
  readonly onError: (error: Error) => void
}

export interface BoardQueue {
  /** @throws when the queue does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the queue, and opens it anew until its first connection works: BullMQ's PostgreSQL backend
 * remembers one that failed, for ever.
 */
export function createBoardQueue(
  location: QueueLocation,
  { onOpen, onError }: BoardQueueEvents,
): BoardQueue {
  const closing = new AbortController()
  let current = open()

  function open(): OpenQueue {
    const opened = openQueue(location, onError)
    opened.queue.waitUntilReady().catch((error: Error) => reopen(opened, error))
    onOpen(opened.queue)
    return opened
  }

  async function reopen(failed: OpenQueue, error: Error): Promise<void> {
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
    async ping() {
      await current.queue.getJobState('ping')
    },
    async close() {
      closing.abort()
      await current.close()
    },
  }
}
