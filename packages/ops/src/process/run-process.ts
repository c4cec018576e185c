import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { milliseconds, oneOf, port } from '../config.ts'
import type { Settings } from '../config.ts'
import { errorMessage } from '../error-message.ts'
import { createRegistry } from '../metrics.ts'
import type { Tracing } from '../tracing/otlp-tracing.ts'
import { startTracing } from '../tracing/start-tracing.ts'
import { createLogger } from './logger.ts'
import { createOpsServer } from './ops-server.ts'
import type { Check } from './ops-server.ts'
import { joinProcessGroup } from './process-group.ts'
import { shutDownOnSignal } from './shutdown.ts'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
// An unavailable collector must not delay the end of the process.
const sendSpansForMs = 2_000
const exitMarginMs = 1_000

/** The variables that every process reads. */
export const processVariables = {
  OPS_PORT: port(9464),
  LOG_LEVEL: oneOf(logLevels, 'info'),
  SHUTDOWN_TIMEOUT_MS: milliseconds(10_000),
}

/** A started app. Whoever started it closes it. */
export interface App {
  readonly name: string
  readonly checks: readonly Check[]
  /** Its metrics, where it has several processes. */
  readMetrics?(): Promise<string>
  /** Takes no new work, finishes or gives back what it has, and closes its connections. */
  close(): Promise<void>
}

/** What a process provides to its apps. */
export interface Ops {
  readonly logger: Logger
  readonly registry: Registry
}

interface ProcessSettings extends Settings<typeof processVariables> {
  readonly HOST?: string
}

/**
 * Runs one app as a process of its own: reads its settings, serves the ops port, stops on a signal.
 * When the app does not start, it writes one line to stderr and the process exits with 1.
 */
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
    readMetrics: () => apps[0]?.readMetrics?.() ?? registry.metrics(),
    logger,
    checks: () => (apps.length === 0 ? [starting] : apps.flatMap((app) => app.checks)),
  })
  closeOnSignal(settings, { logger, tracing, apps, closeOps: () => server.close() })
  try {
    apps.push(await start(settings, ops))
  } catch (error) {
    await server.close()
    throw error
  }
  logger.info({ opsPort: server.port }, 'started')
}

/**
 * Runs one of several processes of an app, which another process has started: it has no ops port, and
 * tells that process its metrics. It stops when that process ends.
 */
export async function runMember<S extends ProcessSettings>(
  name: string,
  readSettings: (env: NodeJS.ProcessEnv) => S,
  start: (settings: S, ops: Ops) => Promise<App>,
): Promise<void> {
  try {
    const settings = readSettings(process.env)
    const logger = createLogger({ name, level: settings.LOG_LEVEL }).child({ pid: process.pid })
    const tracing = await startTracing(`clerk-sync-${name}`, process.env, logger)
    const registry = createRegistry([name])
    const apps: App[] = []
    closeOnSignal(settings, { logger, tracing, apps, closeOps: async () => undefined })
    apps.push(await start(settings, { logger, registry }))
    // First, so that its line stands before that of the process that waits for it.
    logger.info('process started')
    joinProcessGroup(registry)
  } catch (error) {
    process.stderr.write(`${name} did not start: ${startProblem(error)}\n`)
    process.exit(1)
  }
}

interface Running {
  readonly logger: Logger
  readonly tracing: Tracing
  readonly apps: readonly App[]
  readonly closeOps: () => Promise<void>
}

function closeOnSignal(
  { SHUTDOWN_TIMEOUT_MS: timeoutMs }: ProcessSettings,
  { logger, tracing, apps, closeOps }: Running,
): void {
  shutDownOnSignal({
    logger,
    timeoutMs,
    async close() {
      const latest = performance.now() + timeoutMs - exitMarginMs
      await Promise.all(apps.map((app) => app.close()))
      const timeLeftMs = latest - performance.now()
      await Promise.all([closeOps(), tracing.stop(Math.min(sendSpansForMs, timeLeftMs))])
    },
  })
}

const starting = { name: 'started', run: () => Promise.reject(new Error('still starting')) }

/** Why something did not start, in one line and without a stack. */
export function startProblem(error: unknown): string {
  const { code, port: usedPort } = Object(error) as { code?: unknown; port?: unknown }
  return code === 'EADDRINUSE' && typeof usedPort === 'number'
    ? `port ${usedPort} is in use by another process`
    : errorMessage(error)
}
