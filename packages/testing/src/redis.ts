import { join } from 'node:path'
import { cacheDir } from './cache-dir.ts'
import { prepareImage, startContainer } from './docker.ts'
import { provideFirst } from './provide-first.ts'
import type { ProvidedServer } from './provide-first.ts'
import { unpackRedis } from './redis-packages.ts'
import { createRedisServer, findRedisProgram, redisSettings } from './redis-server.ts'
import type { RedisProgram } from './redis-server.ts'

const image = 'redis:8'

/**
 * Provides Redis: REDIS_URL, else a container, else an installed server, else Debian's package.
 *
 * @throws Error that says how to get one: tests on Redis are never skipped
 */
export async function provideRedis(): Promise<ProvidedServer> {
  return await provideFirst({
    name: 'Redis',
    variable: 'REDIS_URL',
    ways: [startRedisContainer, startInstalled, startUnpacked],
    cure: 'Set REDIS_URL, start Docker, or install redis-server or valkey-server.',
  })
}

async function startRedisContainer(): Promise<ProvidedServer> {
  await prepareImage(image)
  const { RedisContainer } = await import('@testcontainers/redis')
  const container = await startContainer(
    new RedisContainer(image).withCommand(['redis-server', ...redisSettings]),
  )
  return {
    url: container.getConnectionUrl(),
    source: `container of ${image}`,
    stop: async () => void (await container.stop()),
  }
}

async function startInstalled(): Promise<ProvidedServer> {
  const program = findRedisProgram()
  return { ...(await createRedisServer({ program })), source: program }
}

async function startUnpacked(): Promise<ProvidedServer> {
  const unpacked = await unpackRedis(join(cacheDir, 'redis'))
  return { ...(await createRedisServer(unpacked)), source: unpacked.program }
}

/**
 * The program for servers that a test kills or joins: one that is installed, else Debian's package.
 *
 * @throws Error that says how to get one
 */
export async function provideRedisProgram(): Promise<RedisProgram> {
  try {
    return { program: findRedisProgram() }
  } catch {
    return await unpackRedis(join(cacheDir, 'redis')).catch((cause: Error) => {
      throw new Error(`install redis-server or valkey-server: ${cause.message}`, { cause })
    })
  }
}
