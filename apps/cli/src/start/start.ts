import { migrate } from '@clerk-sync/db/migrate'
import { defaultTablesSchema, withTablesSchema } from '@clerk-sync/ops'
import { createRegistry } from '@clerk-sync/ops/metrics'
import { createLogger, shutDownOnSignal, startTracing } from '@clerk-sync/ops/process'
import type { Logger } from '@clerk-sync/ops/process'
import { checkDirectConnection, migrateQueue } from '@clerk-sync/queue'
import { pino } from 'pino'
import { keepSecrets, locateDataDir, protectDataDir } from './data-dir.ts'
import type { DataDir, Secrets } from './data-dir.ts'
import { announceRunning, findRunning, forgetRunning } from './running.ts'
import { startApps, startDatabase, startFakeClerk } from './start-apps.ts'
import type { Closers } from './start-apps.ts'
import { checkPorts, readStartConfig } from './start-config.ts'
import { renderStartScreen } from './start-screen.ts'

const sendSpansForMs = 2_000

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
  protectDataDir(dir)
  const secrets = keepSecrets(dir)
  // Reports wrong settings before anything starts: the embedded database has no URL yet.
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
  const databaseUrl =
    env['DATABASE_URL'] ||
    withTablesSchema(
      await startDatabase(dir, secrets, logger, closers),
      env['TABLES_SCHEMA'] || defaultTablesSchema,
    )
  const config = readStartConfig(env, secrets, databaseUrl)
  await checkDirectConnection(config.worker.queue)
  const onWaiting = (line: string) => logger.warn(`migrate: ${line}`)
  await migrate(databaseUrl, { onWaiting })
  await migrateQueue(config.worker.queue, { onWaiting })

  const tracing = await startTracing('clerk-sync', env, logger)
  closers.push(() => tracing.stop(sendSpansForMs))
  const registry = createRegistry(['ingest', 'worker', 'console'])
  const { opsPort, webhookUrl, consoleUrl } = await startApps(config, { logger, registry }, closers)

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
      console: {
        url: consoleUrl,
        login: config.console.login,
        isGenerated: !env['BOARD_PASSWORD'],
      },
      opsPort,
      database: { url: databaseUrl, embedded: !env['DATABASE_URL'] },
      queue: config.worker.queue.kind,
      fakeClerk:
        fake && options.fakeClerk ? { url: fake.url, users: options.fakeClerk } : undefined,
    }),
  )
}

// The log is a file: the terminal shows the start screen, and of the log only warnings and errors.
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
