import { readdirSync, readFileSync } from 'node:fs'
import { runPromtool } from '@clerk-sync/testing'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readAlerts } from '../src/alerts.ts'

const directory = new URL('../prometheus/', import.meta.url)
const testFiles = readdirSync(directory).filter((name) => name.endsWith('.test.yml'))

interface PromtoolTests {
  tests: {
    promql_expr_test: { expr: string; exp_samples: { labels: string }[] }[]
  }[]
}

const cases = testFiles
  .map((file) => parse(readFileSync(new URL(file, directory), 'utf8')) as PromtoolTests)
  .flatMap(({ tests }) => tests.flatMap((one) => one.promql_expr_test))

const alerts = readAlerts()

test('promtool finds the rules right', async () => {
  const said = await runPromtool(['check', 'rules', 'alerts.yml'], directory.pathname)
  expect(said).toContain(`SUCCESS: ${alerts.length} rules found`)
}, 150_000)

test.each(testFiles)(
  'every case of %s comes out as it says',
  async (file) => {
    const said = await runPromtool(['test', 'rules', file], directory.pathname)
    expect(said).toContain('SUCCESS')
  },
  60_000,
)

test.each(alerts)('$alert fires in a case, and does not in another', ({ alert }) => {
  const own = cases.filter(({ expr }) => {
    const [, names = ''] = /alertname=~?"([^"]+)"/.exec(expr) ?? []
    return new RegExp(`^(?:${names})$`).test(alert)
  })
  const firing = own.flatMap(({ exp_samples: samples }) => samples.map(({ labels }) => labels))
  expect(firing.join()).toContain(`alertname="${alert}",alertstate="firing"`)
  expect(own.map(({ exp_samples: samples }) => samples.length)).toContain(0)
})
