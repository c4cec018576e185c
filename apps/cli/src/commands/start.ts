import { startConsole } from '@clerk-sync/console'
import { migrate } from '@clerk-sync/db'
import { startIngest } from '@clerk-sync/ingest'
import {
  createLogger,
  createOpsServer,
  shutDownOnSignal,
  startTracing,
} from '@clerk-sync/ops/process'
import { createRegistry } from '@clerk-sync/ops/metrics'
import type { App, Logger, Ops } from '@clerk-sync/ops/process'
import { migrateQueue } from '@clerk-sync/queue'
import { startWorker } from '@clerk-sync/worker'
import { pino } from 'pino'
import { locateDataDir } from '../data-dir.ts'
import type { DataDir } from '../data-dir.ts'
import { startEmbeddedDatabase } from '../embedded-database.ts'
import { announceRunning, findRunning, forgetRunning } from '../running.ts'
import { keepSecrets } from '../secrets.ts'
import type { Secrets } from '../secrets.ts'
import { checkPorts, readStartConfig } from '../start-config.ts'
import type { StartConfig } from '../start-config.ts'
import { renderStartScreen } from '../start-screen.ts'
import { untilReady } from '../until-ready.ts'

const sendSpansForMs = 2_000

/** Closes what was opened, the last first. */
type Closers = (() => Promise<void> | void)[]

export interface StartOptions {
  /** Also run a fake Clerk Backend API with so many users. */
  fakeClerk?: number
}

/** Runs ingest, worker and console in this process, with an embedded database unless one is given. */
export async function start(env: NodeJS.ProcessEnv, options: StartOptions = {}): Promise<void> {
  const dir = locateDataDir()
  const running = findRunning(dir)
  if (running) {
    throw new Error(`clerk-sync runs here already (process ${running.pid}); stop that one first`)
  }
  const secrets = keepSecrets(dir)
  // Problems are found before anything starts, with a stand-in for the database to come.
  const config = readStartConfig(env, secrets, env['DATABASE_URL'] || 'postgresql://embedded')
  await checkPorts(config)

  const logger = createFileLogger(dir, config.worker.LOG_LEVEL)
  const closers: Closers = []
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) {
      try {
        await closer()
      } catch (error) {
        logger.error({ error }, 'did not stop cleanly')
      }
    }
  }
  shutDownOnSignal({ logger, timeoutMs: config.worker.SHUTDOWN_TIMEOUT_MS, close })
  try {
    await startAll(env, options, { dir, secrets, logger, closers })
  } catch (error) {
    await close()
    throw error
  }
}

async function startAll(
  env: NodeJS.ProcessEnv,
  options: StartOptions,
  {
    dir,
    secrets,
    logger,
    closers,
  }: { dir: DataDir; secrets: Secrets; logger: Logger; closers: Closers },
): Promise<void> {
  const databaseUrl = env['DATABASE_URL'] || (await startDatabase(dir, secrets, logger, closers))
  const config = readStartConfig(env, secrets, databaseUrl)
  await migrate(databaseUrl)
  await migrateQueue(config.worker.queue)

  const tracing = await startTracing('clerk-sync', env, logger)
  closers.push(() => tracing.stop(sendSpansForMs))
  const registry = createRegistry(['ingest', 'worker', 'console'])
  const { opsPort, webhookUrl, boardUrl } = await startApps(config, { logger, registry }, closers)

  const fake = options.fakeClerk ? await startFakeClerk(options.fakeClerk, closers) : undefined
  announceRunning(dir, {
    ...(fake ? { fakeClerk: { url: fake.url, secretKey: fake.secretKey } } : {}),
    webhookUrl,
    signingSecret: env['CLERK_WEBHOOK_SIGNING_SECRET'] || secrets.signingSecret,
    databaseUrl,
    redisUrl: env['REDIS_URL'] || undefined,
    syncEntities: env['SYNC_ENTITIES'] || undefined,
    syncFields: env['SYNC_FIELDS'] || undefined,
  })
  closers.push(() => forgetRunning(dir))
  process.stdout.write(
    renderStartScreen({
      webhookUrl,
      signingSecret: env['CLERK_WEBHOOK_SIGNING_SECRET'] ? undefined : secrets.signingSecret,
      board: {
        url: boardUrl,
        login: config.console.login,
        isMadeUp: !env['BOARD_PASSWORD'],
      },
      opsPort,
      database: { url: databaseUrl, embedded: !env['DATABASE_URL'] },
      queue: config.worker.queue.kind,
      fakeClerk:
        fake && options.fakeClerk ? { url: fake.url, users: options.fakeClerk } : undefined,
    }),
  )
}

// Enough organizations for members to be a few hundred each at the most.
const usersInOrganization = 100

async function startFakeClerk(generatedUsers: number, closers: Closers) {
  const { createFakeClerk } = await import('@clerk-sync/fake-clerk')
  const generatedOrganizations = Math.ceil(generatedUsers / usersInOrganization)
  const fake = await createFakeClerk({ generatedUsers, generatedOrganizations })
  closers.push(() => fake.close())
  return fake
}

async function startDatabase(
  dir: DataDir,
  secrets: Secrets,
  logger: Logger,
  closers: Closers,
): Promise<string> {
  const database = await startEmbeddedDatabase(dir, secrets.databasePassword)
  let stopping = false
  closers.push(() => {
    stopping = true
    return database.stop()
  })
  void database.exited.then(() => {
    if (stopping) return
    logger.fatal('the embedded PostgreSQL ended by itself; see .data/postgres.log')
    process.exit(1)
  })
  return database.url
}

async function startApps(config: StartConfig, ops: Ops, closers: Closers) {
  const apps: App[] = []
  const server = await createOpsServer({
    port: config.worker.OPS_PORT,
    host: config.worker.HOST,
    registry: ops.registry,
    checks: () => apps.flatMap(namedChecks),
  })
  closers.push(
    () => server.close(),
    async () => void (await Promise.all(apps.map((app) => app.close()))),
  )
  apps.push(await startWorker(config.worker, ops))
  const console = await startConsole(config.console, ops)
  apps.push(console)
  const ingest = await startIngest(config.ingest, ops)
  apps.push(ingest)
  await untilReady(apps)
  const { webhookUrl } = ingest
  return { opsPort: server.port, webhookUrl, boardUrl: console.boardUrl }
}

function namedChecks(app: App) {
  return app.checks.map((check) => ({ name: `${app.name} ${check.name}`, run: () => check.run() }))
}

// The terminal belongs to the screen: the log is a file, and only what goes wrong is shown as well.
function createFileLogger(
  dir: DataDir,
  level: Parameters<typeof createLogger>[0]['level'],
): Logger {
  const streams = pino.multistream([
    { level: 'trace', stream: pino.destination({ dest: dir.log, sync: true }) },
    { level: 'warn', stream: pino.destination({ dest: 2, sync: true }) },
  ])
  return createLogger({ name: 'clerk-sync', level }, streams)
}
