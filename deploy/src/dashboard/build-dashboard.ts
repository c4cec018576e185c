import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { dataSource, usualDataSource } from './panels.ts'
import { drift, freshness } from './rows/freshness.ts'
import { goldenSignals } from './rows/golden-signals.ts'
import { duplicates, failures, outcomes } from './rows/outcomes.ts'
import { saturation } from './rows/saturation.ts'
import { latency, queue, traffic } from './rows/traffic.ts'

const rows = [
  goldenSignals,
  traffic,
  latency,
  queue,
  outcomes,
  failures,
  duplicates,
  freshness,
  drift,
  saturation,
]

/** The dashboard as Grafana imports it. */
export function buildDashboard(): Dashboard {
  const builder = new DashboardBuilder('clerk-sync')
    .uid('clerk-sync')
    .description(
      'Clerk to PostgreSQL: what arrives, how fast it becomes rows, and what is in the way',
    )
    .tags(['clerk-sync'])
    .time({ from: 'now-3h', to: 'now' })
    .timezone('browser')
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .variables([
      new DatasourceVariableBuilder('datasource')
        .label('Data source')
        .type('prometheus')
        .current({ text: usualDataSource, value: usualDataSource }),
      chooseLabel('type', 'Event type', 'clerk_sync_ingest_requests_total{type!="unverified"}'),
      chooseLabel('instance', 'Process', 'up{job=~"ingest|worker|console"}'),
      new TextBoxVariableBuilder('runbook')
        .label('Runbook')
        .description('Where you publish docs/runbook.md: the links to the runbook go there')
        .defaultValue('docs/runbook.md'),
    ])
    .annotation(restarts)
    .link(
      new DashboardLinkBuilder('Runbook')
        .type(DashboardLinkType.Link)
        .icon('doc')
        .url('${runbook}')
        .targetBlank(true),
    )
  for (const { title, panels } of rows) {
    builder.withRow(new RowBuilder(title))
    for (const panel of panels) builder.withPanel(panel)
  }
  return withoutMenus(number(builder.build()))
}

const restarts = new AnnotationQueryBuilder()
  .name('Starts of processes')
  .datasource(dataSource)
  .enable(true)
  .iconColor('blue')
  .expr('process_start_time_seconds{job=~"ingest|worker|console"} * 1000')
  .useValueForTime(true)
  .titleFormat('{{job}} started')
  .textFormat('{{instance}}')
  .step('60s')

function chooseLabel(name: string, label: string, selector: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(dataSource)
    .query({
      qryType: 1,
      query: `label_values(${selector}, ${name})`,
      refId: 'PrometheusVariableQueryEditor-VariableQuery',
    })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: ['All'], value: ['$__all'] })
}

// A link to a panel holds its number.
function number(dashboard: Dashboard): Dashboard {
  dashboard.panels?.forEach((panel, index) => (panel.id = index + 1))
  return dashboard
}

// The SDK always puts links and annotations into a menu.
function withoutMenus(dashboard: Dashboard): Dashboard {
  const { annotations, links = [], panels = [] } = dashboard
  const ofPanels = panels.flatMap((panel) => ('links' in panel && panel.links) || [])
  for (const one of [...links, ...ofPanels, ...(annotations?.list ?? [])]) delete one.placement
  return dashboard
}
