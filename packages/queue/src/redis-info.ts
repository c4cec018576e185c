import { retry } from '@clerk-sync/ops'
import { Redis } from 'ioredis'
import { bullQueueOf } from './open-queue.ts'
import type { OpenQueue } from './open-queue.ts'
import type { RedisAddress } from './redis-address.ts'
import { redisClientOf, createRedisConnection } from './redis-connection.ts'
import type { RedisClient, RedisClientOptions } from './redis-connection.ts'

const answerTimeoutMs = 4_000
const retryDelayMs = 50

const inspectionOptions: RedisClientOptions = {
  waits: false,
  commandTimeoutMs: answerTimeoutMs,
  connectTimeoutMs: answerTimeoutMs,
  silenceTimeoutMs: answerTimeoutMs,
}

const replica = 'Redis is a replica and takes no jobs: set REDIS_URL to the primary'

/** Settings and state of a Redis by its own INFO; undefined where INFO does not say it. */
export interface RedisFacts {
  /** How many servers were asked: the known masters of a cluster, otherwise one. */
  readonly servers: number
  /** The oldest version in a cluster. */
  readonly version: string | undefined
  /** A replica takes no jobs. */
  readonly isReplica: boolean
  /** A wrong one, if any server has one. */
  readonly evictionPolicy: string | undefined
  /** Of the fullest server. */
  readonly usedBytes: number
  /** maxmemory of the same server; 0 means no limit. */
  readonly maxBytes: number
  /** Whether every server has an append-only file. */
  readonly isAppendOnly: boolean | undefined
  /** The node of a cluster needs a client for clusters. */
  readonly isClusterNode: boolean
  /** A cluster that is down takes no job, although its servers answer. */
  readonly isClusterDown: boolean
}

/** Reads the reply of one server to INFO. */
export function parseRedisInfo(info: string): RedisFacts {
  const fields = new Map(
    info.split(/\r?\n/).map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1)]
    }),
  )
  const appendOnly = fields.get('aof_enabled')
  return {
    servers: 1,
    version: fields.get('redis_version'),
    isReplica: fields.get('role') === 'slave',
    evictionPolicy: fields.get('maxmemory_policy'),
    usedBytes: Number(fields.get('used_memory') ?? 0),
    maxBytes: Number(fields.get('maxmemory') ?? 0),
    isAppendOnly: appendOnly === undefined ? undefined : appendOnly === '1',
    // Dragonfly says so, but needs no client for clusters.
    isClusterNode: fields.get('cluster_enabled') === '1' && !fields.has('dragonfly_version'),
    isClusterDown: false,
  }
}

/** Joins the facts of several servers: the worst of each fact. */
export function joinRedisFacts([first, ...others]: readonly [RedisFacts, ...RedisFacts[]]) {
  return others.reduce(joinTwo, first)
}

function joinTwo(one: RedisFacts, other: RedisFacts): RedisFacts {
  const { usedBytes, maxBytes } = fullness(other) > fullness(one) ? other : one
  return {
    servers: one.servers + other.servers,
    version: olderOf(one.version, other.version),
    isReplica: one.isReplica || other.isReplica,
    evictionPolicy: one.evictionPolicy === 'noeviction' ? other.evictionPolicy : one.evictionPolicy,
    usedBytes,
    maxBytes,
    isAppendOnly: one.isAppendOnly === true ? other.isAppendOnly : one.isAppendOnly,
    isClusterNode: one.isClusterNode || other.isClusterNode,
    isClusterDown: one.isClusterDown || other.isClusterDown,
  }
}

// Only a server with a limit can be full. Without limits the largest one counts.
function fullness({ usedBytes, maxBytes }: RedisFacts): number {
  return maxBytes > 0 ? 1 + usedBytes / maxBytes : usedBytes / Number.MAX_SAFE_INTEGER
}

function olderOf(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one.localeCompare(other, 'en', { numeric: true }) <= 0 ? one : other
}

/**
 * Reads the facts of a Redis over a connection of its own.
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
 * Reads the facts of a Redis over the connection of an open queue, by one INFO per server; undefined
 * when the queue is on PostgreSQL.
 *
 * @throws when no server answers.
 */
export async function readRedisFacts(opened: OpenQueue): Promise<RedisFacts | undefined> {
  const client = redisClientOf(bullQueueOf(opened))
  return client && (await ask(client))
}

// INFO has all facts, and CONFIG is often forbidden. Older servers accept only one section of INFO.
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

// A cluster gives the reason only as an error of its nodes. One unavailable node alone is no error.
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
  const askOnce = async () => {
    if (client.status !== 'ready') throw new Error('no answer in time')
    return await ask(client)
  }
  return await retry(askOnce, { firstDelayMs: retryDelayMs, timeoutMs: answerTimeoutMs })
}

/**
 * Why a Redis is not safe for jobs now, with the remedy, in one line; undefined when there is no
 * problem. An unknown fact is no problem: managed services hide many of them.
 */
export function redisProblem(facts: RedisFacts): string | undefined {
  if (facts.isClusterDown) {
    return 'the Redis Cluster is down: some of its slots have no master; start the one that is missing'
  }
  if (facts.isReplica) return replica
  if (facts.evictionPolicy && facts.evictionPolicy !== 'noeviction') {
    return `Redis drops keys when it runs full (maxmemory-policy is ${facts.evictionPolicy}): set maxmemory-policy to noeviction`
  }
  return undefined
}

/** Why Redis refused a write, with the remedy; undefined when `message` is another error. */
export function writeProblem(message: string, facts: RedisFacts | undefined): string | undefined {
  const [code = ''] = message.split(' ')
  switch (code) {
    case 'OOM':
      return `Redis is full${describeFullness(facts)} and takes no jobs: raise maxmemory`
    case 'READONLY':
      return replica
    case 'MISCONF':
      return "Redis can't write to its disk and takes no jobs: make room there; its log says more"
    case 'NOREPLICAS':
      return 'Redis has fewer replicas than min-replicas-to-write demands, and takes no jobs: start one'
    default:
      return undefined
  }
}

function describeFullness(facts: RedisFacts | undefined): string {
  if (!facts || facts.maxBytes === 0) return ''
  return ` (${megabytes(facts.usedBytes)} of ${megabytes(facts.maxBytes)})`
}

/** A size for a person, as in 512 MB. */
export function megabytes(bytes: number): string {
  const value = bytes / 1024 / 1024
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} MB`
}
