import { readFileSync } from 'node:fs'
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client'

/** The metrics of a process that runs these apps, with its own: memory, CPU, event loop, release. */
export function createRegistry(apps: readonly string[]): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const info = new Gauge({
    name: 'clerk_sync_build_info',
    help: 'Always 1; its labels say which app runs, and of which release.',
    labelNames: ['version', 'app'] as const,
    registers: [registry],
  })
  for (const app of apps) info.set({ version: readVersion(), app }, 1)
  return registry
}

function readVersion(): string {
  try {
    const manifest = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')
    return String((JSON.parse(manifest) as { version?: unknown }).version)
  } catch {
    // Whoever packs the apps in another way has no such file.
    return 'unknown'
  }
}
