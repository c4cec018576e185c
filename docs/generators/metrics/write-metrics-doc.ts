import { writeFileSync } from 'node:fs'
import { collectMetrics } from './collect-metrics.ts'
import { renderMetricsDoc } from './render-metrics-doc.ts'

const text = renderMetricsDoc(await collectMetrics())
writeFileSync(new URL('../../../docs/metrics.md', import.meta.url), text)
