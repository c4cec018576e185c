import type { PostgresQueueBackend, Queue } from 'bullmq'
import { connectQueue, openUntilReady } from './connect.ts'
import type { ConnectedQueue } from './connect.ts'
import type { QueueLocation } from './location.ts'
import { atEndOfTurn } from './joined-commands.ts'
import { redisClientOf } from './redis-connection.ts'
import type { RedisClient } from './redis-connection.ts'

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

interface Look {
  readonly id: string
  readonly timestamp: number
}

/**
 * Builds a look at what the queue has of a job. Call it right before the job of that id is added, with the
 * same timestamp. On Redis two commands ask for all jobs of one turn of the event loop, and go out together
 * with what adds them; only where one of the jobs was there before is there a second round trip. On
 * PostgreSQL it is a query beside the one that adds.
 */
export function createJobLook(
  opened: OpenQueue,
): (id: string, timestamp: number) => Promise<JobFound> {
  let looks: Look[] = []
  let found: Promise<JobFound[]> | undefined

  function ask(client: RedisClient): Promise<JobFound[]> {
    const asked = looks
    looks = []
    found = undefined
    return lookInRedis(opened[bullQueue], client, asked)
  }

  return async (id, timestamp) => {
    const queue = opened[bullQueue]
    const client = redisClientOf(queue)
    if (!client) return await lookInPostgres(queue, id, timestamp)
    const index = looks.push({ id, timestamp }) - 1
    found ??= atEndOfTurn(() => ask(client))
    return (await found)[index] as JobFound
  }
}

// EXISTS is sent before the jobs are added, and says of how many the queue has a job. Which they are is
// asked only then: a job that was there before has another timestamp. One that a worker has done meanwhile
// counts as added.
async function lookInRedis(
  queue: Queue,
  client: RedisClient,
  looks: readonly Look[],
): Promise<JobFound[]> {
  const ids = looks.map(({ id }) => id)
  const keys = ids.map((id) => queue.toKey(id))
  // It is only counted: a Redis user who may not ask can add all the same.
  const exists = client.exists(keys).catch(() => 0)
  const scores = await client.zmscore(queue.toKey('failed'), ids)
  const timestamps = (await exists) > 0 ? await readTimestamps(client, keys) : []
  return looks.map(({ id, timestamp }, at) => ({
    isFailed: typeof scores[at] === 'string',
    isKnown: ids.indexOf(id) < at || (timestamps[at] ?? `${timestamp}`) !== `${timestamp}`,
  }))
}

async function readTimestamps(
  client: RedisClient,
  keys: readonly string[],
): Promise<(string | null)[]> {
  return await Promise.all(keys.map((key) => client.hget(key, 'timestamp').catch(() => null)))
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
