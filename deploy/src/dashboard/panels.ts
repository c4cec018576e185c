import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { Threshold } from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { alertThreshold } from '../alerts.ts'

/** The Prometheus that the reader of the dashboard chose. */
export const dataSource = { type: 'prometheus', uid: '${datasource}' }

/** The default choice: the data source that deploy/ provisions. */
export const usualDataSource = 'prometheus'

/** A heading and its panels, which fill 24 columns from left to right. */
export interface Row {
  readonly title: string
  readonly panels: readonly (GraphBuilder | StatBuilder)[]
}

/** An expression and the name of its series. */
type Query = readonly [expression: string, legend: string]

export interface PanelSpec {
  readonly title: string
  /** What it shows, and what is good. */
  readonly description: string
  /** Grafana's name of a unit, such as s, percentunit, bytes or reqps. */
  readonly unit: string
  readonly queries: readonly Query[]
  /** The panel is red where this alert fires, and links to its part of the runbook. */
  readonly alert?: string
  /** Turns yellow here. */
  readonly warnAt?: number
  /** Is red below it. */
  readonly leastGood?: number
  /** The text when there is no series. Default: "no data". */
  readonly noValue?: string
  readonly max?: number
  /** Of 24 columns. */
  readonly width?: number
  readonly height?: number
}

export interface GraphSpec extends PanelSpec {
  readonly stacked?: true
}

/** Curves over time. */
export function graph(spec: GraphSpec): GraphBuilder {
  const panel = complete(new GraphBuilder(), spec, { width: 8, height: 8 }, 'range')
    .lineWidth(1)
    .fillOpacity(spec.stacked ? 40 : 8)
    .showPoints(VisibilityMode.Never)
    .min(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        spec.alert ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off,
      ),
    )
  return spec.stacked
    ? panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
    : panel
}

/** The current value in large type; absent when no series has one. */
export function stat(spec: PanelSpec): StatBuilder {
  return complete(new StatBuilder(), spec, { width: 6, height: 4 }, 'instant')
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(spec.queries.length > 1 ? BigValueTextMode.ValueAndName : BigValueTextMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
}

// Both builders have the same methods; the SDK has no type for that.
function complete<Builder extends GraphBuilder | StatBuilder>(
  builder: Builder,
  spec: PanelSpec,
  size: { width: number; height: number },
  kind: 'range' | 'instant',
): Builder {
  const panel = builder as GraphBuilder
  panel
    .title(spec.title)
    .description(spec.description)
    .datasource(dataSource)
    .unit(spec.unit)
    .span(spec.width ?? size.width)
    .height(spec.height ?? size.height)
    .noValue(spec.noValue ?? 'no data')
    .thresholds(
      new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholdsOf(spec)),
    )
  if (spec.max !== undefined) panel.max(spec.max)
  if (spec.alert) panel.links([runbookLink(spec.alert)])
  spec.queries.forEach(([expression, legend], index) => {
    const query = new DataqueryBuilder()
      .refId(String.fromCodePoint('A'.charCodeAt(0) + index))
      .datasource(dataSource)
      .expr(expression)
      .legendFormat(legend)
    panel.withTarget(kind === 'range' ? query.range() : query.instant())
  })
  return builder
}

function thresholdsOf({ alert, warnAt, leastGood }: PanelSpec): Threshold[] {
  return [
    ...(leastGood === undefined
      ? [{ value: null, color: 'green' }]
      : [
          { value: null, color: 'red' },
          { value: leastGood, color: 'green' },
        ]),
    ...(warnAt === undefined ? [] : [{ value: warnAt, color: 'yellow' }]),
    ...(alert === undefined ? [] : [{ value: alertThreshold(alert), color: 'red' }]),
  ]
}

function runbookLink(alert: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(`Runbook: ${alert}`)
    .type(DashboardLinkType.Link)
    .url(`\${runbook}#${alert.toLowerCase()}`)
    .targetBlank(true)
}
