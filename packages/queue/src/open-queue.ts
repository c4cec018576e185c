import type { Queue } from 'bullmq'
import { connectQueue, openUntilReady } from './connect.ts'
import type { ConnectedQueue } from './connect.ts'
import type { QueueLocation } from './location.ts'
import { redisClientOf } from './redis-connection.ts'

const bullQueue: unique symbol = Symbol('bullQueue')

/** The queue did not confirm the event in time. It may still have it: the sender must send it again. */
export class QueueUnavailableError extends Error {
  readonly code: string = 'ERR_QUEUE_UNAVAILABLE'
  override readonly name: string = 'QueueUnavailableError'
}

/** The queue can take no event until an operator changes something: the message says what. */
export class BrokenQueueError extends QueueUnavailableError {
  override readonly code = 'ERR_BROKEN_QUEUE'
  override readonly name = 'BrokenQueueError'
}

/** The queue of events. What can be done with it are the functions of this package. */
export interface OpenQueue {
  readonly [bullQueue]: Queue
  close(): Promise<void>
}

/**
 * BullMQ's own queue of an open queue, for Bull Board and tests. It changes when the first connection
 * failed: read it at each use.
 */
export function bullQueueOf(opened: OpenQueue): Queue {
  return opened[bullQueue]
}

export interface QueueListeners {
  /** Called with every connection error. The queue connects again by itself. */
  readonly onError: (error: Error) => void
  /** Called when BullMQ's queue is open, and each time that another one replaces it. */
  readonly onOpen?: (opened: OpenQueue) => void
}

/** Opens the queue of events. It fails fast while its server is unavailable, and connects again. */
export function openQueue(location: QueueLocation, { onError, onOpen }: QueueListeners): OpenQueue {
  const opened = openUntilReady(() => {
    const connected = connectQueue(location)
    const { queue, close } = connected
    queue.on('error', onError)
    onOpen?.(toOpenQueue(connected))
    return { queue, ready: queue.waitUntilReady(), close }
  }, onError)
  return {
    get [bullQueue]() {
      return opened.current.queue
    },
    close: opened.close,
  }
}

/** A connected queue as an open one. It is not replaced when its first connection fails. */
export function toOpenQueue({ queue, close }: ConnectedQueue): OpenQueue {
  return { [bullQueue]: queue, close }
}

/**
 * Whether a job is in the failed set, or waits for its next attempt. BullMQ's getJobState searches the
 * whole list of waiting jobs: with 100,000 events it blocks Redis for 26 ms.
 */
export async function isJobIn(
  opened: OpenQueue,
  state: 'failed' | 'delayed',
  id: string,
): Promise<boolean> {
  return await opened[bullQueue].getBackend().isJobInState(state, id)
}

/**
 * Builds a check whether a job is in the failed set. On Redis one command asks for all that is asked in
 * one turn of the event loop, behind the other commands of that turn.
 */
export function createFailedCheck(opened: OpenQueue): (id: string) => Promise<boolean> {
  let ids: string[] = []
  let scores: Promise<readonly (string | null)[]> | undefined

  async function askAtEndOfTurn(): Promise<readonly (string | null)[]> {
    await new Promise(setImmediate)
    const asked = ids
    ids = []
    scores = undefined
    const queue = opened[bullQueue]
    return (await redisClientOf(queue)?.zmscore(queue.toKey('failed'), asked)) ?? []
  }

  return async (id) => {
    if (!redisClientOf(opened[bullQueue])) return await isJobIn(opened, 'failed', id)
    const index = ids.push(id) - 1
    scores ??= askAtEndOfTurn()
    return typeof (await scores)[index] === 'string'
  }
}
