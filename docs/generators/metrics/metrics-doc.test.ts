import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { collectMetrics } from './collect-metrics.ts'
import { labelTexts } from './metric-texts.ts'
import { renderMetricsDoc } from './metrics-doc.ts'

const metrics = await collectMetrics()
const named = new Map(metrics.map((metric) => [metric.name, metric]))

test('docs/metrics.md says what the apps register', () => {
  const file = new URL('../../../docs/metrics.md', import.meta.url)
  const isCurrent = readFileSync(file, 'utf8') === renderMetricsDoc(metrics)
  expect(isCurrent, 'write it again with "npx -y pnpm@12 docs:metrics"').toBe(true)
})

test('every label of every metric is described, and no other', () => {
  const described = Object.entries(labelTexts).map(([name, texts]) => [name, Object.keys(texts)])
  const registered = metrics
    .filter(({ labels }) => labels.length > 0)
    .map(({ name, labels }) => [name, [...labels]])
  expect(Object.fromEntries(described)).toEqual(Object.fromEntries(registered))
})

test('every process tells of the queue, so that it is known while no worker runs', () => {
  const everywhere = ['ingest', 'worker', 'console']
  for (const name of ['queue_jobs', 'queue_oldest_waiting_age_seconds', 'build_info']) {
    expect(named.get(`clerk_sync_${name}`)?.apps).toEqual(everywhere)
  }
})

test.each(metrics)('$name has base units and says what it is in a sentence', ({ name, help }) => {
  expect(name).not.toMatch(/_(ms|milliseconds|minutes|hours|kb|mb|percent)(_|$)/)
  expect(help).toMatch(/^[A-Z0-9].{15,}\.$/)
})
