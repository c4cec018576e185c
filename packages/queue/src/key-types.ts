import { BrokenQueueError, bullQueueOf } from './open-queue.ts'
import type { OpenQueue } from './open-queue.ts'
import { refusalOf } from './outage-backends.ts'
import { redisClientOf } from './redis-connection.ts'

/** The types of BullMQ's keys for a queue on Redis. The keys of jobs are not among them. */
export const keyTypes = {
  wait: 'list',
  active: 'list',
  paused: 'list',
  delayed: 'zset',
  prioritized: 'zset',
  completed: 'zset',
  failed: 'zset',
  'waiting-children': 'zset',
  repeat: 'zset',
  marker: 'zset',
  stalled: 'set',
  'stalled-check': 'string',
  id: 'string',
  pc: 'string',
  limiter: 'string',
  meta: 'hash',
  events: 'stream',
} as const

/** Whether an error is the reply of Redis to a command on a key of another type. */
export function isWrongType(error: unknown): error is Error {
  return error instanceof Error && refusalOf(error).startsWith('WRONGTYPE')
}

/**
 * Checks the types of all keys of the queue, in one round trip. A key that does not exist is right, and
 * so is every key where the Redis user may not run TYPE. PostgreSQL has no such keys.
 *
 * @throws {BrokenQueueError} that names the key and how to rename it.
 */
export async function checkKeyTypes(opened: OpenQueue): Promise<void> {
  const queue = bullQueueOf(opened)
  const client = redisClientOf(queue)
  if (!client) return
  const keys = Object.entries(keyTypes).map(([name, type]) => ({ key: queue.toKey(name), type }))
  const pipeline = client.pipeline()
  for (const { key } of keys) pipeline.type(key)
  const replies = (await pipeline.exec()) ?? []
  for (const [index, { key, type }] of keys.entries()) {
    const [error, found] = replies[index] ?? []
    if (error || found === 'none' || found === type) continue
    throw new BrokenQueueError(
      `the queue can't work, because its key ${key} is a ${String(found)}, not a ${type}: run RENAME "${key}" "${key}:wrong" in redis-cli, then clerk-sync reconcile --repair`,
    )
  }
}

/**
 * Removes the data of a job from Redis, unless a list of the queue has the job. A script that fails at
 * a wrong type is not undone: the job may be stored, but in no list, and a redelivery would be taken
 * for a duplicate of it.
 */
export async function removeUnlessListed(opened: OpenQueue, id: string): Promise<void> {
  const queue = bullQueueOf(opened)
  const isIn = async (state: string) => {
    try {
      return await queue.getBackend().isJobInState(state, id)
    } catch (error) {
      if (isWrongType(error)) return false
      throw error
    }
  }
  const found = await Promise.all(['wait', 'active', 'delayed', 'failed'].map(isIn))
  if (!found.includes(true)) await redisClientOf(queue)?.unlink(queue.toKey(id))
}
