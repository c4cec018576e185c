import { readFileSync } from 'node:fs'
import { startPrometheus } from '@clerk-sync/testing'
import type { PrometheusServer } from '@clerk-sync/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { alertsPath, readAlerts } from '../src/alerts.ts'
import { startDeployment } from './deployment.ts'
import type { Deployment, Targets } from './deployment.ts'
import { startTraffic } from './traffic.ts'
import type { Traffic } from './traffic.ts'

const dashboardFile = new URL('../grafana/dashboards/clerk-sync.json', import.meta.url)

// A rate needs some scrapes, and a reconcile takes a while.
const afterScrapes = { timeout: 30_000, interval: 250 }

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
      }, afterScrapes)
    },
    40_000,
  )

  test.each(readAlertSelectors())(
    'an alert asks for %s, which is there',
    async (selector) => {
      await vi.waitFor(
        async () => expect(await prometheus.query(selector)).not.toEqual([]),
        afterScrapes,
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
    }, afterScrapes)
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
    }, afterScrapes)
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

/** A query of a panel, as Grafana sends it. */
interface PanelQuery {
  readonly panel: string
  readonly expression: string
}

/** All queries of the dashboard, for a Prometheus that scrapes every second. */
function readPanelQueries(): PanelQuery[] {
  const dashboard = JSON.parse(readFileSync(dashboardFile, 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[]
  }
  return dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, expression: interpolate(expr) })),
  )
}

// As Grafana does: a rate over four scrapes, and "All" as the value of each variable.
function interpolate(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', '4s')
    .replaceAll('$type', '.*')
    .replaceAll('$instance', '.*')
}

/** The selectors of all series in alerts. */
function readAlertSelectors(): string[] {
  const selectors = readAlerts().flatMap(({ expr }) =>
    expr.match(/\b(?:clerk_sync|process|nodejs)_\w+(?:{[^}]*})?/g),
  )
  return [...new Set(selectors)].filter((selector) => selector !== null)
}
