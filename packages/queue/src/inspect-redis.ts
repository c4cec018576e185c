import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { OpenQueue } from './open-queue.ts'
import type { RedisAddress } from './redis-address.ts'
import { redisClientOf } from './redis-client.ts'
import type { RedisClient, RedisClientOptions } from './redis-client.ts'
import { createRedisConnection } from './redis-connection.ts'
import { joinRedisFacts, parseRedisInfo } from './redis-facts.ts'
import type { RedisFacts } from './redis-facts.ts'

export type { RedisFacts } from './redis-facts.ts'

const answerTimeoutMs = 4_000
const pauseMs = 50

const inspectionOptions: RedisClientOptions = {
  waits: false,
  commandTimeoutMs: answerTimeoutMs,
  connectTimeoutMs: answerTimeoutMs,
}

/**
 * Asks a Redis how it is set up, over a connection of its own.
 *
 * @throws the first error of the connection, such as a password that is wrong.
 */
export async function inspectRedis(address: RedisAddress): Promise<RedisFacts> {
  const { client, disconnect } = createRedisConnection(address, inspectionOptions)
  const failed = firstError(client)
  try {
    return await Promise.race([failed, askWhenReady(client)])
  } finally {
    disconnect()
  }
}

/**
 * The same over the connection of an open queue: one INFO a server; undefined when the queue is on
 * PostgreSQL.
 *
 * @throws when no server answers.
 */
export async function readRedisFacts({ queue }: OpenQueue): Promise<RedisFacts | undefined> {
  const client = redisClientOf(queue)
  return client && (await ask(client))
}

// INFO has it all, where CONFIG is often forbidden; older servers take but one section.
async function ask(client: RedisClient): Promise<RedisFacts> {
  if (client instanceof Redis) return parseRedisInfo(await client.info())
  const infos = client.nodes('master').map(async (node) => parseRedisInfo(await node.info()))
  const [state, answers] = await Promise.all([client.cluster('INFO'), Promise.allSettled(infos)])
  const [first, ...others] = answers.flatMap((one) =>
    one.status === 'fulfilled' ? [one.value] : [],
  )
  if (!first) throw new Error('no master of the Redis Cluster answers')
  const isClusterDown = /^cluster_state:fail/m.test(state)
  return { ...joinRedisFacts([first, ...others]), isClusterDown }
}

// A cluster says what is wrong only as an error of its nodes; one server of several may be away.
function firstError(client: RedisClient): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => undefined)
  const errors: Error[] = []
  client.on('node error', (error: Error) => errors.push(error))
  client.on('error', (error: Error & { lastNodeError?: Error }) =>
    reject(error.lastNodeError ?? errors[0] ?? error),
  )
  return promise
}

async function askWhenReady(client: RedisClient): Promise<RedisFacts> {
  const deadline = Date.now() + answerTimeoutMs
  for (;;) {
    try {
      if (client.status !== 'ready') throw new Error('no answer in time')
      return await ask(client)
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(pauseMs)
    }
  }
}
