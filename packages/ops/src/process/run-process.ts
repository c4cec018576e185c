import type { App, Ops } from './app.ts'
import { createRegistry } from '../metrics/create-registry.ts'
import { createLogger } from './logger.ts'
import { createOpsServer } from './ops-server.ts'
import { errorMessage } from '../error-message.ts'
import { shutDownOnSignal } from './shutdown.ts'
import { startTracing } from '../tracing/start-tracing.ts'
import type { Tracing } from '../tracing/start-tracing.ts'

// The last spans; a collector that is away must not hold up the end of the process.
const sendSpansForMs = 2_000
const exitMarginMs = 1_000

export interface ProcessSettings {
  OPS_PORT: number
  LOG_LEVEL: Parameters<typeof createLogger>[0]['level']
  SHUTDOWN_TIMEOUT_MS: number
  HOST?: string
}

/** Runs one app as a process of its own: settings, ops server, signals, exit code. */
export async function runProcess<S extends ProcessSettings>(
  name: string,
  readSettings: (env: NodeJS.ProcessEnv) => S,
  start: (settings: S, ops: Ops) => Promise<App>,
): Promise<void> {
  try {
    const settings = readSettings(process.env)
    const logger = createLogger({ name, level: settings.LOG_LEVEL })
    const tracing = await startTracing(`clerk-sync-${name}`, process.env, logger)
    await runApp(settings, { logger, registry: createRegistry([name]) }, tracing, start)
  } catch (error) {
    process.stderr.write(`${name} did not start: ${startProblem(error)}\n`)
    process.exitCode = 1
  }
}

async function runApp<S extends ProcessSettings>(
  settings: S,
  ops: Ops,
  tracing: Tracing,
  start: (settings: S, ops: Ops) => Promise<App>,
): Promise<void> {
  const { logger, registry } = ops
  const apps: App[] = []
  const server = await createOpsServer({
    port: settings.OPS_PORT,
    host: settings.HOST ?? '0.0.0.0',
    registry,
    checks: () => (apps.length === 0 ? [starting] : apps.flatMap((app) => app.checks)),
  })
  shutDownOnSignal({
    logger,
    timeoutMs: settings.SHUTDOWN_TIMEOUT_MS,
    async close() {
      const latest = performance.now() + settings.SHUTDOWN_TIMEOUT_MS - exitMarginMs
      await Promise.all(apps.map((app) => app.close()))
      const timeLeftMs = latest - performance.now()
      await Promise.all([server.close(), tracing.stop(Math.min(sendSpansForMs, timeLeftMs))])
    },
  })
  try {
    apps.push(await start(settings, ops))
  } catch (error) {
    await server.close()
    throw error
  }
  logger.info({ opsPort: server.port }, 'started')
}

const starting = { name: 'started', run: () => Promise.reject(new Error('still starting')) }

/** One line for a person: what is wrong, without a stack. */
export function startProblem(error: unknown): string {
  const { code, port } = Object(error) as { code?: unknown; port?: unknown }
  return code === 'EADDRINUSE' && typeof port === 'number'
    ? `port ${port} is in use by another process`
    : errorMessage(error)
}
