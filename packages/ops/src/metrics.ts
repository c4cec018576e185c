import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { readVersion } from './release.ts'
import { waitAtMost } from './timeout.ts'

/**
 * The metrics of a process that runs these apps. It begins with those of the process itself: memory,
 * CPU, event loop and release.
 */
export function createRegistry(apps: readonly string[]): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const info = new Gauge({
    name: 'clerk_sync_build_info',
    help: 'Always 1; its labels say which app runs, and of which release.',
    labelNames: ['version', 'app'] as const,
    // It stays 1 where several processes add up their metrics.
    aggregator: 'first',
    registers: [registry],
  })
  for (const app of apps) info.set({ version: readVersion(), app }, 1)
  return registry
}

/** One value that a gauge shows. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

export interface ReadGaugeOptions {
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly string[]
  /** What the gauge shows now. It must not reject, and must resolve well within a scrape's timeout. */
  readonly read: () => readonly Sample[] | Promise<readonly Sample[]>
}

/** Registers a gauge that is read at each scrape. It is absent while `read` returns no samples. */
export function registerReadGauge(registry: Registry, options: ReadGaugeOptions): void {
  const { name, help, labelNames = [], read } = options
  const gauge = new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      const samples = await read()
      // No await between reset and set: scrapes may overlap.
      gauge.reset()
      if (labelNames.length === 0) gauge.remove()
      for (const { labels = {}, value } of samples) gauge.set(labels, value)
    },
  })
}

/** Times of a shared reading, in milliseconds. */
interface SharedReadingOptions {
  /** How long a result is used. Default: 2 s. */
  readonly keepMs?: number
  /** How long a caller waits. Default: 3 s. */
  readonly timeoutMs?: number
}

// The result of a slow reading is used for longer: reading takes a twentieth of the time at most.
const keepPerReadTime = 20

/**
 * Shares one reading among all callers within `keepMs`. Resolves with undefined when the reading
 * fails, or takes longer than `timeoutMs`. While a reading hangs, no second one begins.
 */
export function shareReading<T>(
  read: () => Promise<T>,
  { keepMs = 2_000, timeoutMs = 3_000 }: SharedReadingOptions = {},
): () => Promise<T | undefined> {
  let reading: Promise<T | undefined> | undefined
  let staleAt = Infinity

  async function begin(): Promise<T | undefined> {
    const startedAt = performance.now()
    let usedForMs = keepMs
    try {
      const result = await read()
      usedForMs = Math.max(keepMs, (performance.now() - startedAt) * keepPerReadTime)
      return result
    } catch {
      return undefined
    } finally {
      staleAt = performance.now() + usedForMs
    }
  }

  return () => {
    if (!reading || performance.now() >= staleAt) {
      staleAt = Infinity
      reading = begin()
    }
    return waitAtMost(reading, timeoutMs)
  }
}
