import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { alertThreshold, readAlerts } from '../alerts.ts'
import { buildDashboard } from './build-dashboard.ts'

interface Panel {
  type: string
  title: string
  description?: string
  gridPos: { x: number; y: number; w: number; h: number }
  id: number
  datasource?: { type: string; uid: string }
  links?: { title: string; url: string }[]
  options?: { graphMode?: string }
  targets?: {
    refId: string
    expr: string
    legendFormat: string
    instant: boolean
    range: boolean
    datasource: { type: string; uid: string }
  }[]
  fieldConfig?: { defaults: { unit: string; thresholds: { steps: { value: number | null }[] } } }
}

const file = new URL('../../grafana/dashboards/clerk-sync.json', import.meta.url)
const built = JSON.parse(JSON.stringify(buildDashboard())) as {
  panels: Panel[]
  links: { title: string }[]
}
const panels = built.panels.filter(({ type }) => type !== 'row')

test('the committed dashboard is what its source builds', () => {
  const committed = JSON.stringify(JSON.parse(readFileSync(file, 'utf8')))
  const isCurrent = committed === JSON.stringify(built)
  expect(isCurrent, 'write it again with "npx -y pnpm@12 docs:dashboard"').toBe(true)
})

test('its rows are the questions of an operator, the golden signals first', () => {
  const rows = built.panels.filter(({ type }) => type === 'row').map(({ title }) => title)
  expect(rows).toEqual([
    'Golden signals',
    'Traffic',
    'Latency',
    'Queue',
    'Outcomes',
    'Failures',
    'Duplicates',
    'Freshness',
    'Drift',
    'Saturation',
  ])
})

test.each(panels)(
  'the panel $title says what it shows, in a unit, with named series',
  ({ description, fieldConfig, targets = [] }) => {
    expect(description).toMatch(/^\S.*\.$/)
    expect(fieldConfig?.defaults.unit).toMatch(/\S/)
    expect(targets).not.toEqual([])
    expect(new Set(targets.map(({ legendFormat }) => legendFormat)).size).toBe(targets.length)
  },
)

test('no two panels have one title, nor one number', () => {
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
  expect(new Set(built.panels.map(({ id }) => id)).size).toBe(built.panels.length)
})

test.each(panels)('the panel $title asks the data source that was chosen', (panel) => {
  const { targets = [] } = panel
  const chosen = { type: 'prometheus', uid: '${datasource}' }
  for (const asked of [panel, ...targets]) expect(asked.datasource).toEqual(chosen)
  expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
})

// The last value of a range can be old: 0 waiting, an hour after the queue was deleted.
test.each(panels.filter(({ type }) => type === 'stat'))('the number $title is of now', (panel) => {
  expect(panel.options?.graphMode).toBe('none')
  for (const { expr, instant, range } of panel.targets ?? []) {
    expect([instant, range]).toEqual([true, false])
    expect(expr).not.toContain('$__rate_interval')
  }
})

// Some releases of Grafana show such a link nowhere.
test('the link to the runbook is above the panels, not in a menu', () => {
  expect(built.links.map(({ title }) => title)).toEqual(['Runbook'])
  expect(JSON.stringify(built).match(/inControlsMenu/g)).toBeNull()
})

test('without traffic a quantile is absent, where Grafana would write NaN', () => {
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  const quantiles = expressions.filter((expr) => expr.includes('histogram_quantile'))
  expect(quantiles.length).toBeGreaterThan(10)
  expect(quantiles.filter((expr) => !/^histogram_quantile\(.*\) >= 0$/.test(expr))).toEqual([])
})

test('panels lie side by side, none on another and none past the edge', () => {
  const cells = built.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  for (const { gridPos } of built.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
})

test('the links of a panel name alerts of alerts.yml, and its red line is theirs', () => {
  const names = readAlerts().map(({ alert }) => alert)
  const linked = panels.filter(({ links }) => links?.length)
  expect(linked.length).toBeGreaterThan(10)
  for (const { links, fieldConfig } of linked) {
    const [link] = links ?? []
    const name = link?.title.replace('Runbook: ', '') ?? ''
    expect(names).toContain(name)
    expect(link?.url).toBe(`\${runbook}#${name.toLowerCase()}`)
    expect(fieldConfig?.defaults.thresholds.steps.at(-1)?.value).toBe(alertThreshold(name))
  }
})
