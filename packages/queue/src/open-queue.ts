import type { PostgresQueueBackend, Queue } from 'bullmq'
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

/** What a queue had of a job when another job of its id was added. */
export interface JobFound {
  readonly isKnown: boolean
  readonly isFailed: boolean
}

/**
 * Builds a look at what the queue has of a job. Call it right before the job of that id is added, with the
 * same timestamp. It costs no round trip: on Redis its two commands go out together with the one that adds,
 * and one asks of all jobs of one turn of the event loop which have failed; on PostgreSQL it is a query
 * beside the one that adds.
 */
export function createJobLook(
  opened: OpenQueue,
): (id: string, timestamp: number) => Promise<JobFound> {
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

  return async (id, timestamp) => {
    const queue = opened[bullQueue]
    const client = redisClientOf(queue)
    if (!client) return await lookInPostgres(queue, id, timestamp)
    // It is only counted: a Redis user who may not ask can add all the same.
    const exists = client.exists(queue.toKey(id)).catch(() => 0)
    const index = ids.push(id) - 1
    scores ??= askAtEndOfTurn()
    const [all, count] = await Promise.all([scores, exists])
    return { isFailed: typeof all[index] === 'string', isKnown: count === 1 }
  }
}

// BullMQ has only functions that tell less or all of it. A job of another timestamp was there before.
async function lookInPostgres(queue: Queue, id: string, timestamp: number): Promise<JobFound> {
  const { connection } = queue.getBackend() as unknown as PostgresQueueBackend
  const { rows } = await connection.pool.query(
    'SELECT state = $3 AS "isFailed", added_at_ms <> $4 AS "isKnown" FROM job WHERE queue = $1 AND id = $2',
    [queue.name, id, 'failed', timestamp],
  )
  return (rows[0] as JobFound | undefined) ?? { isKnown: false, isFailed: false }
}
