import { retry } from '@clerk-sync/ops'
import { Redis } from 'ioredis'
import { provideRedisProgram } from './redis.ts'
import { createRedisServer, redisSettings } from './redis-server.ts'
import type { RedisServer } from './redis-server.ts'

const sentinelCount = 3
const primaryName = 'mymaster'
const readyTimeoutMs = 15_000
const pollMs = 50

/** A primary with a replica, watched by three sentinels that fail over within a second or two. */
export interface RedisSentinel {
  readonly url: string
  readonly primary: RedisServer
  readonly replica: RedisServer
  readonly stop: () => Promise<void>
}

/** Starts them as processes of their own. @throws Error when they have not met in 15 s. */
export async function createRedisSentinel(): Promise<RedisSentinel> {
  const program = await provideRedisProgram()
  const servers: RedisServer[] = []
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())))
  const start = async (options?: Parameters<typeof createRedisServer>[1]) => {
    const server = await createRedisServer(program, options)
    servers.push(server)
    return server
  }
  try {
    const primary = await start()
    const follow = ['--replicaof', `127.0.0.1 ${primary.port}`, '--repl-diskless-sync-delay', '0']
    const replica = await start({ settings: [...redisSettings, ...follow] })
    const sentinels: RedisServer[] = []
    for (let count = 0; count < sentinelCount; count += 1) {
      sentinels.push(await start({ settings: ['--sentinel'], config: watch(primary.port) }))
    }
    await untilMet(sentinels)
    const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')
    return { url: `redis+sentinel://${hosts}/${primaryName}`, primary, replica, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function watch(port: number): string {
  return [
    `sentinel monitor ${primaryName} 127.0.0.1 ${port} 2`,
    `sentinel down-after-milliseconds ${primaryName} 700`,
    `sentinel failover-timeout ${primaryName} 3000`,
    '',
  ].join('\n')
}

// A failover needs a replica that is in step, and sentinels that know it and each other.
async function untilMet(sentinels: readonly RedisServer[]): Promise<void> {
  for (const { port } of sentinels) {
    const client = new Redis({ host: '127.0.0.1', port })
    const assertMet = async () => {
      if (!hasMet(await client.info())) throw new Error('the sentinels have not met')
    }
    try {
      await retry(assertMet, { firstDelayMs: pollMs, timeoutMs: readyTimeoutMs })
    } finally {
      client.disconnect()
    }
  }
}

function hasMet(info: string): boolean {
  return /^master0:.*status=ok.*,slaves=1,sentinels=3\b/m.test(info)
}
