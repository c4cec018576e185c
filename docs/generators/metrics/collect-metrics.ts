import { readConsoleConfig, startConsole } from '@clerk-sync/console'
import { readIngestConfig, startIngest } from '@clerk-sync/ingest'
import { createLogger } from '@clerk-sync/ops/process'
import { createRegistry } from '@clerk-sync/ops/metrics'
import type { App, Ops } from '@clerk-sync/ops/process'
import { readWorkerConfig, startWorker } from '@clerk-sync/worker'
import type { Registry } from 'prom-client'

/** A metric as an app registers it. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly kind: string
  readonly labels: readonly string[]
  /** Of a histogram. */
  readonly buckets: readonly number[]
  /** The apps that have it. */
  readonly apps: readonly string[]
}

// Apps start without their servers: nothing listens there.
const env = {
  CLERK_WEBHOOK_SIGNING_SECRET: 'whsec_c2VjcmV0IGZyb20gdGhlIENsZXJrIGRhc2hib2FyZA==',
  DATABASE_URL: 'postgresql://127.0.0.1:1/nowhere',
  REDIS_URL: 'redis://127.0.0.1:1',
  BOARD_USER: 'nobody',
  BOARD_PASSWORD: 'nobody logs in here',
  HOST: '127.0.0.1',
}

const starts: [app: string, start: (ops: Ops) => Promise<App>][] = [
  ['ingest', (ops) => startIngest({ ...readIngestConfig(env), PORT: 0 }, ops)],
  ['worker', (ops) => startWorker(readWorkerConfig(env), ops)],
  ['console', (ops) => startConsole({ ...readConsoleConfig(env), BOARD_PORT: 0 }, ops)],
]

/** Starts each app for a moment and looks at what it registers of its own, in that order. */
export async function collectMetrics(): Promise<Metric[]> {
  const logger = createLogger({ name: 'docs', level: 'silent' })
  const found = new Map<string, Metric>()
  for (const [name, start] of starts) {
    const registry = createRegistry([name])
    const app = await start({ logger, registry })
    for (const metric of readMetrics(registry)) {
      const apps = [...(found.get(metric.name)?.apps ?? []), name]
      found.set(metric.name, { ...metric, apps })
    }
    await app.close()
  }
  return [...found.values()]
}

// What prom-client's types leave out.
interface Registered {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly labelNames: readonly string[]
  readonly upperBounds?: readonly number[]
}

function readMetrics(registry: Registry): Omit<Metric, 'apps'>[] {
  const registered = registry.getMetricsAsArray() as unknown as Registered[]
  return registered
    .filter(({ name }) => name.startsWith('clerk_sync_'))
    .map(({ name, help, type, labelNames, upperBounds = [] }) => ({
      name,
      help,
      kind: type,
      labels: labelNames.filter((label) => label !== 'le'),
      buckets: upperBounds,
    }))
}
