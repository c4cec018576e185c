import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createEmbeddedPostgres, EmbeddedPostgresError } from '@clerk-sync/embedded-postgres'
import { cacheDir } from './cache-dir.ts'
import { prepareImage, startContainer } from './docker.ts'
import { provideFirst } from './provide-first.ts'
import type { ProvidedServer } from './provide-first.ts'

const image = 'postgres:18.6'
const maxParallelRuns = 8
const serverSettings = {
  // A crash of the machine may lose test data; the order and meaning of commits stay as they are.
  fsync: 'off',
  max_connections: '200',
}

/**
 * Provides PostgreSQL: DATABASE_URL, else a container, else the embedded server.
 *
 * @throws Error that says how to get one
 */
export async function providePostgres(): Promise<ProvidedServer> {
  return await provideFirst({
    name: 'PostgreSQL',
    variable: 'DATABASE_URL',
    ways: [startPostgresContainer, startEmbedded],
    cure: 'Set DATABASE_URL or start Docker.',
  })
}

async function startPostgresContainer(): Promise<ProvidedServer> {
  await prepareImage(image)
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
  const settings = Object.entries(serverSettings).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const container = await startContainer(
    new PostgreSqlContainer(image).withCommand(['postgres', ...settings]),
  )
  return {
    url: container.getConnectionUri(),
    source: `container of ${image}`,
    stop: async () => void (await container.stop()),
  }
}

// Numbered directories instead of random ones: so the next run finds and stops the server of a run
// that was killed. The data stays after stop(), as by then another run may have taken the number.
async function startEmbedded(): Promise<ProvidedServer> {
  for (let run = 1; ; run += 1) {
    const dataDir = join(cacheDir, `test-postgres-${run}`)
    try {
      const options = { dataDir, port: 0, password: 'test', fresh: true, settings: serverSettings }
      const server = await createEmbeddedPostgres(options)
      return { ...server, source: 'embedded PostgreSQL 18' }
    } catch (error) {
      const inUse = error instanceof EmbeddedPostgresError && error.code === 'IN_USE'
      if (!inUse || run === maxParallelRuns) throw error
    }
  }
}

/** Starts an embedded PostgreSQL of its own that writes every commit to its disk, unlike the others. */
export async function createFsyncPostgres(): Promise<ProvidedServer> {
  const dataDir = join(cacheDir, `fsync-postgres-${process.pid}`)
  const server = await createEmbeddedPostgres({ dataDir, port: 0, password: 'test', fresh: true })
  return {
    url: server.url,
    source: 'embedded PostgreSQL 18',
    async stop() {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
