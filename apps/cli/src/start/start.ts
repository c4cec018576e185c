import { migrate } from '@clerk-sync/db/migrate'
import { claimFile } from '@clerk-sync/embedded-postgres'
import type { Claim } from '@clerk-sync/embedded-postgres'
import { webhookSigningSecret } from '@clerk-sync/events'
import {
  defaultTablesSchema,
  errorMessage,
  explainTls,
  isNetworkErrorCode,
  mistakenNameOf,
  tablesSchemaOf,
  withTablesSchema,
} from '@clerk-sync/ops'
import { createRegistry } from '@clerk-sync/ops/metrics'
import { createLogger, shutDownOnSignal, startTracing } from '@clerk-sync/ops/process'
import type { Logger } from '@clerk-sync/ops/process'
import { checkDirectConnection, inspectRedis, migrateQueue } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import { pino } from 'pino'
import { keepSecrets, locateDataDir, protectDataDir, readText } from './data-dir.ts'
import type { DataDir, Secrets } from './data-dir.ts'
import { refuseLink, resetDataDir } from './reset.ts'
import { announceRunning, clerkOf, findRunning, forgetRunning } from './running.ts'
import { startApps, startDatabase, startFakeClerk } from './start-apps.ts'
import type { Closers } from './start-apps.ts'
import { checkPorts, portsOf, readStartConfig } from './start-config.ts'
import { renderStartScreen } from './start-screen.ts'
import { createTerminalLog } from './terminal-log.ts'

const sendSpansForMs = 2_000

export interface StartOptions {
  /** Also run a fake Clerk Backend API with so many users. */
  fakeClerk?: number
  /** Delete first what earlier starts have made. */
  reset?: true
  /** Do not ask before. */
  yes?: true
}

/** Runs ingest, worker and console in this process, with an embedded database unless one is given. */
export async function start(given: NodeJS.ProcessEnv, options: StartOptions = {}): Promise<void> {
  const dir = locateDataDir()
  if (options.reset) refuseLink(dir)
  protectDataDir(dir)
  const claim = claimDataDir(dir)
  const closers: Closers = [() => claim.release()]
  let logger: Logger | undefined
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) {
      try {
        await closer()
      } catch (error) {
        logger?.error({ error }, 'did not stop cleanly')
      }
    }
  }
  try {
    const ownPassword = ownPasswordIn(given, dir)
    const env = ownPassword === undefined ? given : withoutDatabaseUrl(given)
    if (options.reset) {
      const others = ['DATABASE_URL', 'REDIS_URL'].filter((name) => env[name])
      await resetDataDir(dir, { yes: options.yes, given: others })
    }
    const secrets = keepSecrets(dir, ownPassword)
    // Reports wrong settings before anything starts: the embedded database has no URL yet.
    const config = readStartConfig(env, secrets, env['DATABASE_URL'] || 'postgresql://embedded')
    await checkPorts(config)
    await checkRedis(config.worker.queue)

    logger = createFileLogger(dir, config.worker.LOG_LEVEL)
    shutDownOnSignal({
      logger,
      timeoutMs: config.worker.SHUTDOWN_TIMEOUT_MS,
      async close() {
        process.stdout.write('\nstopping\n')
        await close()
        process.stdout.write('clerk-sync has stopped\n')
      },
    })
    const taken = Object.values(portsOf(config))
    await startAll(env, options, { dir, secrets, logger, closers, taken })
  } catch (error) {
    await close()
    throw error
  }
}

// An application that is tried out has the URL from the start screen in its .env, where start reads it
// again. It tells by the password, which was generated here.
function ownPasswordIn({ DATABASE_URL: url = '' }: NodeJS.ProcessEnv, dir: DataDir) {
  const password = URL.parse(url)?.password
  return password && readText(dir.secrets)?.includes(`"${password}"`) ? password : undefined
}

function withoutDatabaseUrl({
  DATABASE_URL: url = '',
  ...env
}: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, TABLES_SCHEMA: env['TABLES_SCHEMA'] || tablesSchemaOf(url) }
}

// Before anything is looked at that two starts would fight for, such as the ports.
function claimDataDir(dir: DataDir): Claim {
  const claim = claimFile(dir.claim)
  // A start of an earlier release makes no claim.
  const heldBy = 'heldBy' in claim ? claim.heldBy : findRunning(dir)?.pid
  if (!('heldBy' in claim)) {
    if (heldBy === undefined) return claim
    claim.release()
  }
  const which = heldBy === undefined ? '' : ` (process ${heldBy})`
  throw new Error(`clerk-sync runs here already${which}; stop that one first`)
}

async function startAll(
  env: NodeJS.ProcessEnv,
  options: StartOptions,
  {
    dir,
    secrets,
    logger,
    closers,
    taken,
  }: {
    dir: DataDir
    secrets: Secrets
    logger: Logger
    closers: Closers
    taken: readonly number[]
  },
): Promise<void> {
  const databaseUrl =
    env['DATABASE_URL'] ||
    withTablesSchema(
      await startDatabase(dir, secrets, { logger, closers, taken }),
      env['TABLES_SCHEMA'] || defaultTablesSchema,
    )
  const fake = options.fakeClerk ? await startFakeClerk(options.fakeClerk, closers) : undefined
  const fakeClerk = fake && { url: fake.url, secretKey: fake.secretKey }
  const config = readStartConfig(env, secrets, databaseUrl, clerkOf({ fakeClerk }, env))
  const onWaiting = (line: string) => logger.warn(`migrate: ${line}`)
  try {
    await checkDirectConnection(config.worker.queue)
    await migrate(databaseUrl, { onWaiting })
    await migrateQueue(config.worker.queue, { onWaiting })
  } catch (error) {
    throw env['DATABASE_URL'] ? namingDatabaseUrl(error) : error
  }

  const tracing = await startTracing('clerk-sync', env, logger)
  closers.push(() => tracing.stop(sendSpansForMs))
  const registry = createRegistry(['ingest', 'worker', 'console'])
  const { opsUrl, webhookUrl, consoleUrl } = await startApps(config, { logger, registry }, closers)

  announceRunning(dir, {
    ...(fakeClerk ? { fakeClerk } : {}),
    webhookUrl,
    signingSecret: env['CLERK_WEBHOOK_SIGNING_SECRET'] || secrets.signingSecret,
    databaseUrl,
    redisUrl: env['REDIS_URL'] || undefined,
    syncEntities: env['SYNC_ENTITIES'] || undefined,
    syncFields: env['SYNC_FIELDS'] || undefined,
    instanceId: config.ingest.instanceId,
  })
  closers.push(() => forgetRunning(dir))
  process.stdout.write(
    renderStartScreen({
      webhookUrl,
      signingSecret: env['CLERK_WEBHOOK_SIGNING_SECRET'] ? undefined : secrets.signingSecret,
      mistakenName: mistakenNameOf('CLERK_WEBHOOK_SIGNING_SECRET', webhookSigningSecret, env),
      console: {
        url: consoleUrl,
        login: config.console.login,
        isGenerated: !env['BOARD_PASSWORD'],
      },
      opsUrl,
      host: config.ingest.HOST,
      database: { url: databaseUrl, embedded: !env['DATABASE_URL'] },
      queue: config.worker.queue.kind,
      fakeClerk:
        fake && options.fakeClerk ? { url: fake.url, users: options.fakeClerk } : undefined,
    }),
  )
}

function namingDatabaseUrl(error: unknown): unknown {
  const { code } = Object(error) as { code?: unknown }
  if (typeof code !== 'string' || !isNetworkErrorCode(code)) return error
  return new Error(
    `PostgreSQL does not answer at DATABASE_URL: ${errorMessage(error)}. Without DATABASE_URL start brings its own`,
    { cause: error },
  )
}

/** @throws an Error that says why Redis does not answer. */
async function checkRedis(queue: QueueLocation): Promise<void> {
  if (queue.kind !== 'redis') return
  try {
    await inspectRedis(queue.address)
  } catch (cause) {
    const message = errorMessage(cause)
    // What the user of the queue may do, its own checks find out.
    if (message.startsWith('NOPERM')) return
    const advice = explainTls(message, 'REDIS_URL')
    const reason = advice
      ? `${message}: ${advice.cause}; ${advice.cure}`
      : message.replace(/\.$/, '')
    throw new Error(
      `Redis does not answer at REDIS_URL: ${reason}. Without REDIS_URL the queue lives in PostgreSQL`,
      { cause },
    )
  }
}

// The log is a file: the terminal shows the start screen, and of the log only warnings and errors.
function createFileLogger(
  dir: DataDir,
  level: Parameters<typeof createLogger>[0]['level'],
): Logger {
  const streams = pino.multistream([
    { level: 'trace', stream: pino.destination({ dest: dir.log, sync: true }) },
    { level: 'warn', stream: createTerminalLog(process.stderr) },
  ])
  return createLogger({ name: 'clerk-sync', level }, streams)
}
