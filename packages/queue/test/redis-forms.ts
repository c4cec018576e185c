import { randomBytes } from 'node:crypto'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import {
  createRedisCluster,
  createRedisSentinel,
  createRedisServer,
  createTlsRedis,
  provideRedisProgram,
} from '@clerk-sync/testing'
import type { RedisServer } from '@clerk-sync/testing'
import { locateQueue } from '../src/index.ts'
import type { QueueLocation } from '../src/index.ts'

export type RedisLocation = QueueLocation & { readonly kind: 'redis' }

/** A Redis in one of its forms, with servers of its own that a test may end. */
export interface RunningForm {
  readonly url: string
  /** Kills the servers that hold these keys. */
  readonly kill: (prefix: string) => Promise<void>
  /** Starts them again, with their data. */
  readonly restart: (prefix: string) => Promise<void>
  readonly stop: () => Promise<void>
}

export const forms: [name: string, start: () => Promise<RunningForm>][] = [
  ['one server', startStandalone],
  ['TLS', startTls],
  ['a cluster', startCluster],
  ['sentinels', startSentinel],
]

/** A queue of its own on this Redis. */
export function locate(url: string): RedisLocation {
  const location = locateQueue({ redisUrl: url, databaseUrl: undefined })
  if (location.kind !== 'redis') throw new Error('this is not a Redis')
  return { ...location, prefix: `{test-${randomBytes(6).toString('hex')}}` }
}

async function startStandalone(): Promise<RunningForm> {
  return await createRedisServer(await provideRedisProgram())
}

async function startTls(): Promise<RunningForm> {
  const redis = await createTlsRedis()
  // NODE_EXTRA_CA_CERTS does the same at the start of a process.
  setDefaultCACertificates([...getCACertificates('default'), redis.certificate])
  return redis
}

async function startCluster(): Promise<RunningForm> {
  const { url, nodesFor, stop } = await createRedisCluster()
  const killed = new Map<string, RedisServer>()
  return {
    url,
    kill: async (prefix) => {
      const { holder } = await nodesFor(prefix)
      killed.set(prefix, holder)
      await holder.kill()
    },
    restart: async (prefix) => killed.get(prefix)?.restart(),
    stop,
  }
}

async function startSentinel(): Promise<RunningForm> {
  const { url, primary, replica, stop } = await createRedisSentinel()
  return {
    url,
    // Without the replica there is no failover.
    kill: async () => {
      await replica.kill()
      await primary.kill()
    },
    restart: async () => {
      await primary.restart()
      await replica.restart()
    },
    stop,
  }
}
