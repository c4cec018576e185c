import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const directory = new URL('../', import.meta.url)

export const alertsPath = new URL('prometheus/alerts.yml', directory).pathname

/** A query of a panel, as Grafana sends it. */
export interface PanelQuery {
  readonly panel: string
  readonly expression: string
}

/** All queries of the dashboard, for a Prometheus that scrapes every second. */
export function readPanelQueries(): PanelQuery[] {
  const dashboard = JSON.parse(
    readFileSync(new URL('grafana/dashboards/clerk-sync.json', directory), 'utf8'),
  ) as { panels: { title: string; targets?: { expr: string }[] }[] }
  return dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, expression: interpolate(expr) })),
  )
}

// As Grafana does: four scrapes, and for "All" the variable's own value.
function interpolate(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', '4s')
    .replaceAll('$type', '.*')
    .replaceAll('$instance', '.*')
}

/** All series that alerts are about, as selectors. */
export function readAlertSelectors(): string[] {
  const { groups } = parse(readFileSync(alertsPath, 'utf8')) as {
    groups: { rules: { expr: string }[] }[]
  }
  const selectors = groups.flatMap(({ rules }) =>
    rules.flatMap(({ expr }) => expr.match(/\b(?:clerk_sync|process|nodejs)_\w+(?:{[^}]*})?/g)),
  )
  return [...new Set(selectors)].filter((selector) => selector !== null)
}
