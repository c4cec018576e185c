import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readAlerts } from './alerts.ts'

const read = (file: string) => readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8')
const page = read('monitoring.md')

interface CollectorConfig {
  service: { pipelines: Record<string, Record<string, string[]>> }
  [part: string]: object
}

const configs = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, text]) => parse(text ?? '') as CollectorConfig,
)

test('docs/monitoring.md lists every alert, with its time and severity', () => {
  const rows = [...page.matchAll(/^\| (ClerkSync\w+) .+\| (\w*) +\| (\w+) +\|$/gm)]
  const listed = rows.map(([, alert, wait, severity]) => ({ alert, wait, severity }))
  const alerts = readAlerts().map(({ alert, for: wait = '', labels }) => ({
    alert,
    wait,
    severity: labels['severity'],
  }))
  expect(listed).toEqual(alerts)
})

test('every metric that docs/monitoring.md names is one of ours', () => {
  const known = read('metrics.md')
  const named = [...new Set(page.match(/clerk_sync_\w+[a-z]/g))]
  expect(named.length).toBeGreaterThan(15)
  expect(named.filter((name) => !known.includes(`\`${name}\``))).toEqual([])
})

test('every configuration of the collector there uses what it declares, and nothing else', () => {
  expect(configs).toHaveLength(3)
  for (const { service, ...declared } of configs) {
    for (const pipeline of Object.values(service.pipelines)) {
      for (const [part, used] of Object.entries(pipeline)) {
        expect({ [part]: Object.keys(declared[part] ?? {}) }).toEqual({ [part]: used })
      }
    }
  }
})
