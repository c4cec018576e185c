import { startPrometheus } from '@clerk-sync/testing'
import type { PrometheusServer } from '@clerk-sync/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { startDeployment } from './deployment.ts'
import type { Deployment, Targets } from './deployment.ts'
import { alertsPath, readAlertSelectors, readPanelQueries } from './expressions.ts'
import { startTraffic } from './traffic.ts'
import type { Traffic } from './traffic.ts'

// A rate needs some scrapes, a reconcile its time.
const patience = { timeout: 30_000, interval: 250 }

let deployment: Deployment
let traffic: Traffic
let prometheus: PrometheusServer
beforeAll(async () => {
  deployment = await startDeployment()
  traffic = startTraffic(deployment)
  prometheus = await startPrometheus(configFor(deployment.targets))
}, 90_000)
afterAll(async () => {
  await prometheus?.stop()
  await traffic?.stop()
  await deployment?.close()
})

describe('under traffic, with ingest, two workers and console scraped', () => {
  test.each(readPanelQueries())(
    '$panel has data: $expression',
    async ({ expression }) => {
      await vi.waitFor(async () => {
        const values = (await prometheus.query(expression)).map(({ value }) => value)
        expect(values.filter(Number.isFinite)).not.toEqual([])
      }, patience)
    },
    40_000,
  )

  test.each(readAlertSelectors())(
    'an alert asks for %s, which is there',
    async (selector) => {
      await vi.waitFor(
        async () => expect(await prometheus.query(selector)).not.toEqual([]),
        patience,
      )
    },
    40_000,
  )

  test('Prometheus evaluates every alert without an error', async () => {
    const readRules = async () => {
      const response = await fetch(`${prometheus.url}/api/v1/rules`)
      const { data } = (await response.json()) as {
        data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] }
      }
      return data.groups.flatMap(({ rules }) => rules)
    }
    await vi.waitFor(async () => {
      const rules = await readRules()
      expect(rules.length).toBeGreaterThan(20)
      expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
    }, patience)
  })

  test('the depth of the queue is shown once, however many processes tell it', async () => {
    await traffic.stop()
    const depth = readPanelQueries().find(({ panel }) => panel === 'Depth')?.expression ?? ''
    await vi.waitFor(async () => {
      const shown = await prometheus.query(depth)
      const byState = Object.fromEntries(shown.map(({ labels, value }) => [labels['state'], value]))
      expect(byState).toEqual({ waiting: 0, active: 0, delayed: 0, failed: traffic.failing() })
      const told = await prometheus.query('clerk_sync_queue_jobs{state="failed"}')
      expect(told.map(({ value }) => value)).toEqual(Array(4).fill(traffic.failing()))
    }, patience)
    expect(traffic.failing()).toBeGreaterThan(0)
  }, 40_000)
})

function configFor(targets: Targets): string {
  return stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [alertsPath],
    scrape_configs: Object.entries(targets).map(([job, addresses]) => ({
      job_name: job,
      static_configs: [{ targets: addresses }],
    })),
  })
}
