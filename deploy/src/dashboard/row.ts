import type { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import type { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

/** A heading and its panels, filling 24 columns from left to right. */
export interface Row {
  readonly title: string
  readonly panels: readonly (GraphBuilder | StatBuilder)[]
}
