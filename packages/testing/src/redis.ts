import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheDir } from './cache-dir.ts'
import { prepareImage, startContainer } from './docker.ts'
import { findProgram } from './find-program.ts'
import { provideFirst } from './provide-first.ts'
import type { ProvidedServer } from './provide-first.ts'
import { unpackRedis, unpackValkey } from './redis-packages.ts'
import { createRedisServer, findRedisProgram, redisSettings } from './redis-server.ts'
import type { RedisProgram } from './redis-server.ts'

const image = 'redis:8.10.2'

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

/**
 * A program that has WAITAOF: a Redis from 7.2 on or a Valkey that is installed, else Debian's Valkey.
 *
 * @throws Error that says how to get one
 */
export async function provideWaitAofProgram(): Promise<RedisProgram> {
  for (const name of ['valkey-server', 'redis-server']) {
    const program = findProgram(name)
    if (program && (await hasWaitAof({ program }))) return { program }
  }
  const unpacked = await unpackValkey(join(cacheDir, 'valkey')).catch((cause: Error) => {
    throw new Error(`install valkey-server, or a redis-server from 7.2 on: ${cause.message}`, {
      cause,
    })
  })
  if (await hasWaitAof(unpacked)) return unpacked
  throw new Error('install valkey-server, or a redis-server from 7.2 on')
}

/** Whether a program has WAITAOF: Redis from 7.2 on, and Valkey. */
export async function hasWaitAof({ program, libraryPath }: RedisProgram): Promise<boolean> {
  const env = { ...process.env, ...(libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {}) }
  const { stdout } = await promisify(execFile)(program, ['--version'], { env })
  const [, major, minor] = /\bv=(\d+)\.(\d+)/.exec(stdout) ?? []
  return Number(major) * 100 + Number(minor) >= 702
}
