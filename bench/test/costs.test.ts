import { expect, onTestFinished, test } from 'vitest'
import { smallestTable } from '../deliveries.ts'
import { measureCosts } from '../measure-round.ts'
import { startServers } from '../scene.ts'

// Twice what they are and more: machines differ, and others may be at work on this one.
const limits = { ingest: 2.5, worker: 4, batch: 6 }

test('an event costs no multiple of what the bare libraries take for it', async () => {
  const { signal } = new AbortController()
  const tables = { name: 'costs', users: smallestTable }
  const servers = await startServers([tables], { signal, say: () => undefined })
  onTestFinished(() => servers.close())
  const scene = await servers.openScene('redis', tables)
  onTestFinished(() => scene.close())
  const sizes = {
    requests: 1_500,
    warmUp: 0,
    jobs: 3_000,
    guideJobs: 0,
    openLoopSeconds: 0,
    batches: 9,
  }
  const costs = await measureCosts(scene, sizes, signal)
  const ratio = (of: string, to: string) => (costs[of] ?? 0) / (costs[to] ?? 0)
  const found = {
    ingest: ratio('ingest, CPU µs', 'plain-handler, CPU µs'),
    worker: ratio('worker, CPU µs', 'idle-worker, CPU µs'),
    batch: ratio('batch of 200, ms', 'one statement for 200, ms'),
  }
  for (const [name, limit] of Object.entries(limits)) {
    const value = found[name as keyof typeof found]
    expect(value, `${name}: ${JSON.stringify(found)}`).toBeGreaterThan(0.2)
    expect(value, `${name}: ${JSON.stringify(found)}`).toBeLessThan(limit)
  }
}, 180_000)
