import { writeFileSync } from 'node:fs'
import { code, markdownTable } from '../markdown.ts'
import { collectMetrics } from './collect-metrics.ts'
import type { Metric } from './collect-metrics.ts'
import { labelTexts, outcomeTexts, requestOutcomeTexts } from './metric-texts.ts'

const intro = `# Metrics

<!-- Written by \`npx -y pnpm@12 docs:metrics\` from what the apps register. Don't edit it here. -->

Each process serves its metrics in Prometheus' format at \`/metrics\` on \`OPS_PORT\`. All names begin with \`clerk_sync_\`, all units are base units: seconds, bytes, and Unix time in seconds. \`process_*\` and \`nodejs_*\` are those of [prom-client](https://github.com/siimon/prom-client): memory, CPU, event loop.

- The metrics of the queue, of its Redis and of the last reconcile are the same from every process that has them: take \`max()\`, as in \`max by (state) (clerk_sync_queue_jobs)\`. Those of the queue and its Redis are there from ingest and console as well, so that the queue is seen while no worker runs. All others belong to their process: take \`sum()\`.
- Seconds since the last verified event, across restarts: \`time() - max(max_over_time(clerk_sync_ingest_last_verified_event_timestamp_seconds[1d]))\`. It is absent until a process has had an event.
- A quantile of a histogram: \`histogram_quantile(0.95, sum by (le) (rate(clerk_sync_worker_event_to_row_seconds_bucket[5m])))\`.
- Counters begin at 0 for every type and outcome that can be, so that \`increase()\` sees the first event, too: about 200 series from ingest and 480 from a worker, a third of them for fields that can't be read.
- What is read from the queue or the database at a scrape is read once for all scrapes within 2 s, and absent when there is no answer within 3 s; the rest is there all the same. On Redis such a reading takes a millisecond, however much is in the queue. On PostgreSQL it counts all jobs, failed ones included: 0.15 s per 100,000.
- An event that came back after a failure keeps the time of its first enqueueing. \`clerk_sync_queue_oldest_waiting_age_seconds\` counts it from when the process first saw it wait, or by the wait of a younger event behind it; on PostgreSQL a replayed event counts from its first enqueueing.`

const head = ['Metric', 'Kind', 'Unit', 'What it says']

/** docs/metrics.md, from what the apps register. */
export function renderMetricsDoc(metrics: readonly Metric[]): string {
  const groups = Map.groupBy(metrics, ({ apps }) => (apps.length > 1 ? 'every process' : apps[0]))
  const parts = [
    intro,
    ...[...groups].flatMap(([title = '', group]) => renderGroup(title, group)),
    '## Outcomes of a delivery',
    markdownTable(
      ['Outcome', 'Answer', 'Meaning'],
      Object.entries(requestOutcomeTexts).map(([name, [status, text]]) => [
        code(name),
        status,
        text,
      ]),
    ),
    '## Outcomes of an event',
    markdownTable(
      ['Outcome', 'Meaning'],
      Object.entries(outcomeTexts).map(([name, text]) => [code(name), text]),
    ),
  ]
  return `${parts.join('\n\n')}\n`
}

function renderGroup(title: string, metrics: readonly Metric[]): string[] {
  const labels = metrics.filter((metric) => metric.labels.length > 0).map(renderLabels)
  const histograms = metrics.filter(({ buckets }) => buckets.length > 0)
  return [
    `## ${title[0]?.toUpperCase()}${title.slice(1)}`,
    markdownTable(
      head,
      metrics.map(({ name, kind, help }) => [code(name), kind, unitOf(name), help]),
    ),
    ...(labels.length > 0 ? [`Labels:\n\n${labels.join('\n')}`] : []),
    ...(histograms.length > 0
      ? [
          `Upper bounds of the buckets:\n\n${histograms
            .map(({ name, buckets }) => `- ${code(name)}: ${buckets.join(', ')}`)
            .join('\n')}`,
        ]
      : []),
  ]
}

function renderLabels({ name, labels }: Metric): string {
  const texts = labels.map((label) => `${code(label)} (${labelTexts[name]?.[label]})`)
  return `- ${code(name)}: ${texts.join('; ')}`
}

function unitOf(name: string): string {
  if (name.endsWith('_timestamp_seconds')) return 'Unix time in seconds'
  return /_(seconds|bytes)$/.exec(name)?.[1] ?? ''
}

if (import.meta.main) {
  const text = renderMetricsDoc(await collectMetrics())
  writeFileSync(new URL('../../metrics.md', import.meta.url), text)
}
