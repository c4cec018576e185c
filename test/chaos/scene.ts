import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import type { Database } from '@clerk-sync/db'
import { createSigningSecret } from '@clerk-sync/events'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import type { FakeClerk } from '@clerk-sync/fake-clerk'
import { locateQueue, migrateQueue, openQueue } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { createFaultProxy, freePort, provideFaketime } from '@clerk-sync/testing'
import type { FaultProxy } from '@clerk-sync/testing'
import { startAppProcess } from './app-process.ts'
import type { AppProcess, LogLine, Role } from './app-process.ts'
import { mountDisk } from './disk.ts'
import type { Disk } from './disk.ts'
import { createHistory, historyClock } from './history.ts'
import type { History } from './history.ts'
import { startPostgres } from './postgres.ts'
import type { Postgres } from './postgres.ts'
import { seededRandom } from './random.ts'
import { startRedis } from './redis.ts'
import type { Redis } from './redis.ts'
import { createSvix } from './svix.ts'
import type { Svix } from './svix.ts'

export type Backend = 'redis' | 'postgres'

/** Ingests, workers, their servers, the Clerk that they serve, and its webhooks. */
export interface Scene {
  readonly backend: Backend
  readonly dir: string
  readonly clerk: FakeClerk
  readonly history: History
  readonly svix: Svix
  /** Where the ingests listen. */
  readonly urls: readonly string[]
  readonly secret: string
  readonly postgres: Postgres
  /** Absent when the queue is in PostgreSQL. */
  readonly redis: Redis | undefined
  readonly apps: readonly AppProcess[]
  /** Over connections without faults. */
  readonly db: Database
  readonly queue: OpenQueue
  readonly env: Record<string, string>
  readonly log: SceneLog
  /** Variables for a wrong clock; undefined when libfaketime can't be had. */
  readonly faketime: ((seconds: number) => Record<string, string>) | undefined
  readonly redisLosses: RedisLoss[]
  readonly close: () => Promise<void>
}

/** Redis has lost its data: no event that was sent later may be missing. */
export interface RedisLoss {
  readonly at: number
  /** The processes that had seen the queue before, at this time. */
  readonly witnesses: readonly AppProcess[]
  readonly askedAt: number
}

/** What the processes wrote. */
interface SceneLog {
  /** Warnings and errors by message, with how often. */
  readonly messages: Map<string, number>
  /** Processes that ended by themselves. */
  readonly crashes: string[]
}

export interface SceneOptions {
  readonly backend: Backend
  readonly seed: number
  /** Without them the processes connect directly. */
  readonly hasFaults: boolean
}

const ingests = 2
const workers = 3

/** Starts all of it and waits until every process is ready. The caller closes it. */
export async function openScene({ backend, seed, hasFaults }: SceneOptions): Promise<Scene> {
  const dir = mkdtempSync(join(tmpdir(), 'clerk-sync-chaos-'))
  // PostgreSQL does not run as root.
  chmodSync(dir, 0o755)
  const remove = () =>
    rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  // A second Ctrl-C waits for nothing.
  process.once('exit', remove)
  const closing: (() => unknown)[] = []
  async function close(): Promise<void> {
    for (const step of closing.splice(0).toReversed()) {
      await Promise.try(step).catch(() => undefined)
    }
    process.removeListener('exit', remove)
    remove()
  }
  try {
    const redisDisk = hasFaults && backend === 'redis' ? tryToMount(join(dir, 'redis')) : undefined
    if (redisDisk) closing.push(() => redisDisk.close())
    const postgres = await startPostgres(join(dir, 'postgres'), hasFaults && mayMount(dir))
    closing.push(postgres.stop)
    const redis =
      backend === 'redis'
        ? await startRedis(redisDisk ? join(dir, 'redis') : mkdtempSync(join(dir, 'r-')), redisDisk)
        : undefined
    if (redis) closing.push(redis.stop)

    const location = locateQueue({ redisUrl: redis?.url, databaseUrl: postgres.url })
    await migrate(postgres.url)
    await migrateQueue(location)
    const db = createDatabase({ url: postgres.url, maxConnections: 3 })
    closing.push(() => db.close())
    const queue = openQueue(location, { onError: () => undefined })
    closing.push(() => queue.close())
    const clerk = await createFakeClerk({ now: historyClock() })
    closing.push(clerk.close)

    const secret = createSigningSecret()
    const log: SceneLog = { messages: new Map(), crashes: [] }
    const apps: AppProcess[] = []
    const urls: string[] = []
    const start = async (role: Role, index: number) => {
      const name = `${role} ${index + 1}`
      const links: FaultProxy[] = []
      const link = async (url: string) => {
        if (!hasFaults) return url
        const target = new URL(url)
        const proxy = await createFaultProxy({ host: target.hostname, port: Number(target.port) })
        links.push(proxy)
        target.port = String(proxy.port)
        return target.href.replace(/\/$/, '')
      }
      const port = await freePort()
      if (role === 'ingest') urls.push(`http://127.0.0.1:${port}/api/webhooks/clerk`)
      const env = {
        OPS_PORT: String(await freePort()),
        ...(redis ? { REDIS_URL: await link(redis.url) } : {}),
        ...(redis && role === 'ingest' ? {} : { DATABASE_URL: await link(postgres.url) }),
        ...(role === 'ingest' ? { PORT: String(port), CLERK_WEBHOOK_SIGNING_SECRET: secret } : {}),
      }
      const app = await startAppProcess({
        role,
        name,
        env,
        links,
        logFile: join(dir, `${role}-${index + 1}.log`),
        onLine: (line) => noteLine(log, role, line),
        onCrash: (who, how) => void log.crashes.push(`${who} ended with ${how}`),
      })
      closing.push(app.stop)
      apps.push(app)
    }
    for (let index = 0; index < ingests; index += 1) await start('ingest', index)
    for (let index = 0; index < workers; index += 1) await start('worker', index)
    await Promise.all(apps.map((app) => app.untilReady()))

    const svix = createSvix({ urls, secret, random: seededRandom(seed, 'svix') })
    closing.push(svix.stop)
    return {
      backend,
      dir,
      clerk,
      history: createHistory(clerk, seededRandom(seed, 'history')),
      svix,
      urls,
      secret,
      postgres,
      redis,
      apps,
      db,
      queue,
      env: {
        DATABASE_URL: postgres.url,
        CLERK_SECRET_KEY: clerk.secretKey,
        CLERK_API_URL: clerk.url,
      },
      log,
      faketime: hasFaults ? await provideFaketime().catch(() => undefined) : undefined,
      redisLosses: [],
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function tryToMount(dir: string): Disk | undefined {
  try {
    return mountDisk(dir)
  } catch {
    return undefined
  }
}

function mayMount(dir: string): boolean {
  const disk = tryToMount(join(dir, 'probe'))
  disk?.close()
  return disk !== undefined
}

const warning = 40

function noteLine({ messages }: SceneLog, role: Role, { level, msg, reason }: LogLine): void {
  if (level < warning) return
  const what = `${role}: ${msg}${typeof reason === 'string' ? ` (${reason})` : ''}`
  messages.set(what, (messages.get(what) ?? 0) + 1)
}
