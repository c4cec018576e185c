import type { Metrics } from '@clerk-sync/ops/process'
import type { Registry } from 'prom-client'

/** A metric whose values are added up by one of its labels; a histogram by `le`, one without labels as `all`. */
interface Series {
  readonly metric: string
  readonly label?: string
  /** Only values with these labels count. */
  readonly where?: Readonly<Record<string, string>>
}

/** What is counted for each minute. The names are those in `Counts`. */
const figureSeries = {
  answers: { metric: 'clerk_sync_ingest_requests_total', label: 'outcome' },
  refusals: { metric: 'clerk_sync_ingest_refusals_total', label: 'reason' },
  repeated: { metric: 'clerk_sync_ingest_duplicates_total' },
  ack: { metric: 'clerk_sync_ingest_ack_seconds', label: 'le', where: { outcome: 'accepted' } },
  outcomes: { metric: 'clerk_sync_worker_events_total', label: 'outcome' },
  failures: { metric: 'clerk_sync_worker_failures_total', label: 'final' },
  eventToRow: { metric: 'clerk_sync_worker_event_to_row_seconds', label: 'le' },
} as const satisfies Record<string, Series>

export type SeriesName = keyof typeof figureSeries

const allSeries: readonly [name: string, series: Series][] = Object.entries(figureSeries)

/**
 * Numbers by series and label, such as `answers.accepted`. Those of a histogram are by the bounds of the
 * bucket in seconds, such as `ack.0.0025:0.005` and `ack.15:+Inf`. A number that is missing is 0.
 */
export type Counts = Readonly<Record<string, number>>

/** Reads the metrics of the series alone: others ask the queue and the database. */
export async function readSeriesMetrics(registry: Registry): Promise<Metrics> {
  const found = await Promise.all(
    allSeries.map(async ([, { metric }]) => registry.getSingleMetric(metric)?.get()),
  )
  return found.filter((metric) => metric !== undefined) as Metrics
}

/** What the counters of a process have counted since its start. */
export function countMetrics(metrics: Metrics): Counts {
  const counts: Record<string, number> = {}
  for (const [name, series] of allSeries) {
    const metric = metrics.find((one) => one.name === series.metric)
    if (!metric) continue
    const sums = sumByLabel(metric, series)
    const isHistogram = series.label === 'le'
    for (const [label, sum] of isHistogram ? perBucket(sums) : sums)
      counts[`${name}.${label}`] = sum
  }
  return counts
}

function sumByLabel({ values }: Metrics[number], { label, where = {} }: Series) {
  const sums = new Map<string, number>()
  for (const { labels, value } of values) {
    const key = label ? (labels as Record<string, string | number>)[label] : 'all'
    const isWanted = Object.entries(where).every(
      ([name, wanted]) => (labels as Record<string, unknown>)[name] === wanted,
    )
    // The sum and the count of a histogram have no bound.
    if (key !== undefined && isWanted) sums.set(String(key), (sums.get(String(key)) ?? 0) + value)
  }
  return sums
}

// The buckets of a histogram are cumulative.
function perBucket(sums: ReadonlyMap<string, number>): [bound: string, count: number][] {
  let below = 0
  let lower = '0'
  return [...sums]
    .toSorted(([one], [other]) => boundOf(one) - boundOf(other))
    .map(([upper, cumulative]) => {
      const bucket: [string, number] = [`${lower}:${upper}`, cumulative - below]
      below = cumulative
      lower = upper
      return bucket
    })
}

const boundOf = (label: string): number => (label === '+Inf' ? Infinity : Number(label))

/** A bucket of a histogram. Its bounds are seconds. */
export interface Bucket {
  readonly lower: number
  /** Infinity for the last one. */
  readonly upper: number
  readonly count: number
}

/** The buckets of a series that have values, in their order. */
export function bucketsOf(counts: Counts, series: SeriesName): Bucket[] {
  return Object.entries(counts)
    .filter(([name]) => name.startsWith(`${series}.`))
    .map(([name, count]) => {
      const [lower = '', upper = ''] = name.slice(series.length + 1).split(':', 2)
      return { lower: boundOf(lower), upper: boundOf(upper), count }
    })
    .toSorted((one, other) => one.lower - other.lower)
}

/** What has been counted between two readings. */
export function countsSince(before: Counts, now: Counts): Counts {
  const differences = Object.entries(now).map(
    ([name, count]) => [name, count - (before[name] ?? 0)] as const,
  )
  return Object.fromEntries(differences.filter(([, difference]) => difference > 0))
}

export function addCounts(one: Counts, other: Counts): Counts {
  const sum: Record<string, number> = { ...one }
  for (const [name, count] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
