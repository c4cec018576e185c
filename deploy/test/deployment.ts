import { join } from 'node:path'
import { migrate } from '@clerk-sync/db/migrate'
import { createSigningSecret } from '@clerk-sync/events'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import { createRedisServer, freePort, provideRedisProgram, startProcess } from '@clerk-sync/testing'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { vi } from 'vitest'

const apps = join(import.meta.dirname, '../../apps')

// The queue's keys have one name: a Redis of its own, with a limit as in production.
const redisSettings = ['--maxmemory', '256mb', '--maxmemory-policy', 'noeviction']

/** What Prometheus scrapes: a job's name and the addresses of its processes. */
export type Targets = Readonly<Record<string, readonly string[]>>

export interface Deployment {
  readonly webhookUrl: string
  readonly secret: string
  readonly targets: Targets
  close(): Promise<void>
}

/** ingest, two workers that reconcile every other second, and console, as processes of their own. */
export async function startDeployment(): Promise<Deployment> {
  const database = await createMigratedDatabase(migrate)
  const redis = await createRedisServer(await provideRedisProgram(), { settings: redisSettings })
  const clerk = await createFakeClerk()
  const secret = createSigningSecret()
  const port = await freePort('127.0.0.1')
  const shared = {
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    REDIS_URL: redis.url,
    DATABASE_URL: database.url,
  }
  const worker = {
    CLERK_API_URL: clerk.url,
    CLERK_SECRET_KEY: clerk.secretKey,
    RECONCILE_CRON: '*/2 * * * * *',
  }
  const started = await Promise.all([
    startApp('ingest', { ...shared, PORT: String(port), CLERK_WEBHOOK_SIGNING_SECRET: secret }),
    startApp('worker', { ...shared, ...worker }),
    startApp('worker', { ...shared, ...worker }),
    startApp('console', {
      ...shared,
      BOARD_PORT: String(await freePort('127.0.0.1')),
      BOARD_USER: 'operator',
      BOARD_PASSWORD: 'correct horse battery',
    }),
  ])
  const names = [...new Set(started.map(({ name }) => name))]
  return {
    webhookUrl: `http://127.0.0.1:${port}/api/webhooks/clerk`,
    secret,
    targets: Object.fromEntries(
      names.map((name) => [name, started.filter((app) => app.name === name).map(({ ops }) => ops)]),
    ),
    async close() {
      await Promise.all(started.map((app) => app.stop()))
      await clerk.close()
      await redis.stop()
      await database.drop()
    },
  }
}

async function startApp(name: string, env: Record<string, string>) {
  const ops = `127.0.0.1:${await freePort('127.0.0.1')}`
  const OPS_PORT = ops.replace(/.*:/, '')
  const app = startProcess(join(apps, name, 'src/main.ts'), { ...env, OPS_PORT })
  await vi.waitFor(
    async () => {
      const response = await fetch(`http://${ops}/readyz`)
      if (!response.ok) throw new Error(`${name} is not ready: ${app.output.stderr}`)
    },
    { timeout: 30_000, interval: 100 },
  )
  return {
    name,
    ops,
    async stop() {
      app.kill('SIGKILL')
      await app.exitCode()
    },
  }
}
