import { startConsole } from '@clerk-sync/console'
import { createEmbeddedPostgres, EmbeddedPostgresError } from '@clerk-sync/embedded-postgres'
import { startIngest } from '@clerk-sync/ingest'
import { errorMessage, retry } from '@clerk-sync/ops'
import { createOpsServer } from '@clerk-sync/ops/process'
import type { App, Logger, Ops } from '@clerk-sync/ops/process'
import { startWorker } from '@clerk-sync/worker'
import type { DataDir, Secrets } from './data-dir.ts'
import type { StartConfig } from './start-config.ts'

/** Closes what was opened, the last first. */
export type Closers = (() => Promise<void> | void)[]

// The same port at every start, so that a client's saved connection goes on working.
const usualDatabasePort = 54_329
// Enough organizations for members to be a few hundred each at the most.
const usersInOrganization = 100
const readyTimeoutMs = 30_000
const readyRetryMs = 50

/** Starts PostgreSQL with its data in the data directory, on none of the `taken` ports. Returns its URL. */
export async function startDatabase(
  dir: DataDir,
  secrets: Secrets,
  { logger, closers, taken }: { logger: Logger; closers: Closers; taken: readonly number[] },
): Promise<string> {
  const options = {
    dataDir: dir.postgres,
    password: secrets.databasePassword,
    logFile: dir.postgresLog,
    // Otherwise PostgreSQL logs a refused row with all its values.
    settings: { log_error_verbosity: 'terse', log_min_error_statement: 'panic' },
  }
  const database = await createEmbeddedPostgres({
    ...options,
    port: taken.includes(usualDatabasePort) ? 0 : usualDatabasePort,
  }).catch((error: unknown) => {
    // Somebody else may have taken it a moment ago.
    const mayBeTaken =
      error instanceof EmbeddedPostgresError && ['PORT_TAKEN', 'START_FAILED'].includes(error.code)
    if (!mayBeTaken) throw error
    return createEmbeddedPostgres({ ...options, port: 0 })
  })
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

export async function startFakeClerk(generatedUsers: number, closers: Closers) {
  const { createFakeClerk } = await import('@clerk-sync/fake-clerk')
  const generatedOrganizations = Math.ceil(generatedUsers / usersInOrganization)
  const fake = await createFakeClerk({ generatedUsers, generatedOrganizations })
  closers.push(() => fake.close())
  return fake
}

/** Starts worker, console and ingest, with one ops server for all. Resolves when all are ready. */
export async function startApps(config: StartConfig, ops: Ops, closers: Closers) {
  const apps: App[] = []
  const server = await createOpsServer({
    port: config.worker.OPS_PORT,
    host: config.worker.HOST,
    registry: ops.registry,
    logger: ops.logger,
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
  return { opsUrl: server.url, webhookUrl, consoleUrl: console.url }
}

function namedChecks(app: App) {
  return app.checks.map((check) => ({ name: `${app.name} ${check.name}`, run: () => check.run() }))
}

async function untilReady(apps: readonly App[]): Promise<void> {
  for (const { name, run } of apps.flatMap(namedChecks)) {
    await retry(run, { firstDelayMs: readyRetryMs, timeoutMs: readyTimeoutMs }).catch((cause) => {
      throw new Error(`${name} is not ready: ${errorMessage(cause)}`, { cause })
    })
  }
}
