import { randomBytes } from 'node:crypto'
import type { TestProject } from 'vitest/node'
import { withServer } from './database.ts'
import { providePostgres } from './postgres.ts'
import type { ProvidedServer } from './provide-first.ts'
import { provideRedis } from './redis.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    databaseUrl: string
    redisUrl: string
    /** The name of the database that createMigratedDatabase copies. */
    migratedTemplate: string
  }
}

/** Vitest's global setup: the servers under all real tests of one run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = await Promise.allSettled([providePostgres(), provideRedis()])
  const [postgres, redis] = started
  const stop = () => stopAll(started.filter((one) => one.status === 'fulfilled'))
  if (postgres.status === 'rejected' || redis.status === 'rejected') {
    await stop()
    const failures = started.filter((one) => one.status === 'rejected')
    throw new Error(failures.map(({ reason }) => (reason as Error).message).join('\n\n'))
  }
  // A signal ends Vitest without its teardown; an exit lets the embedded server's own hook run.
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  project.provide('databaseUrl', postgres.value.url)
  project.provide('redisUrl', redis.value.url)
  const template = `migrated_${randomBytes(6).toString('hex')}`
  project.provide('migratedTemplate', template)
  return async () => {
    // A server that was there before goes on.
    await withServer(postgres.value.url, (client) =>
      client.query(`DROP DATABASE IF EXISTS ${template}`),
    )
    await stop()
  }
}

async function stopAll(servers: { value: ProvidedServer }[]): Promise<void> {
  await Promise.all(servers.map(({ value }) => value.stop()))
}
