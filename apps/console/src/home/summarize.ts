import { bucketsOf } from '@clerk-sync/queue'
import type { Bucket, Counts, Minute, SeriesName } from '@clerk-sync/queue'

export type Minutes = ReadonlyMap<number, Minute>

/** What happened in a span of time, over all processes. Times are seconds. */
export interface Summary {
  /** Whether a process has reported anything in it. */
  readonly isKnown: boolean
  readonly events: number
  readonly perSecond: number
  readonly outcomes: Readonly<Record<(typeof eventOutcomes)[number], number>>
  readonly acknowledged: number
  /** Those among them whose event still waited in the queue. */
  readonly repeated: number
  readonly refused: number
  /** Attempts that failed and are made again, and those that were the last. */
  readonly retried: number
  readonly failed: number
  readonly ack: Quantiles
  readonly eventToRow: Quantiles
  /** The most that waited, and the most failed jobs; undefined when nobody has looked. */
  readonly waiting: number | undefined
  readonly oldestMs: number | undefined
  readonly failedJobs: number | undefined
  readonly counts: Counts
}

interface Quantiles {
  readonly p50: number | undefined
  readonly p99: number | undefined
}

export const eventOutcomes = ['applied', 'stale', 'duplicate', 'deleted', 'ignored'] as const
// Svix counts these as delivered: the event is kept, or this deployment does not want it.
const acknowledged = ['accepted', 'left_out', 'other_instance'] as const

/** Sums up the minutes from `since` on, up to but not including `until`. `seconds` is how long that is. */
export function summarize(
  minutes: Minutes,
  span: { since: number; until: number; seconds: number },
): Summary {
  const counts: Record<string, number> = {}
  let isKnown = false
  const queues: NonNullable<Minute['queue']>[] = []
  for (let minute = span.since; minute < span.until; minute++) {
    const found = minutes.get(minute)
    if (!found) continue
    isKnown = true
    for (const [name, count] of Object.entries(found.counts)) {
      counts[name] = (counts[name] ?? 0) + count
    }
    if (found.queue) queues.push(found.queue)
  }
  const of = (series: SeriesName, label: string) => counts[`${series}.${label}`] ?? 0
  const events = eventOutcomes.reduce((sum, outcome) => sum + of('outcomes', outcome), 0)
  const most = (read: (queue: NonNullable<Minute['queue']>) => number) =>
    queues.length === 0 ? undefined : Math.max(...queues.map(read))
  return {
    isKnown,
    events,
    perSecond: events / Math.max(span.seconds, 1),
    outcomes: Object.fromEntries(
      eventOutcomes.map((outcome) => [outcome, of('outcomes', outcome)]),
    ) as Summary['outcomes'],
    acknowledged: acknowledged.reduce((sum, outcome) => sum + of('answers', outcome), 0),
    repeated: of('repeated', 'all'),
    refused: refusalsOf(counts).reduce((sum, [, count]) => sum + count, 0),
    retried: of('failures', 'false'),
    failed: of('failures', 'true'),
    ack: quantilesOf(counts, 'ack'),
    eventToRow: quantilesOf(counts, 'eventToRow'),
    waiting: most(({ waiting }) => waiting),
    oldestMs: most(({ oldestMs }) => oldestMs),
    failedJobs: most(({ failed }) => failed),
    counts,
  }
}

/** Deliveries and connections that were refused, by reason, the most frequent first; not the looks of doctor. */
export function refusalsOf(counts: Counts): [reason: string, count: number][] {
  return Object.entries(counts)
    .flatMap(([name, count]): [string, number][] => {
      const [series, reason = ''] = name.split('.', 2)
      if (series === 'refusals') return reason === 'doctor' ? [] : [[reason, count]]
      // These have no further reason.
      return series === 'answers' && ['queue_unavailable', 'internal_error'].includes(reason)
        ? [[reason, count]]
        : []
    })
    .toSorted(([, one], [, other]) => other - one)
}

function quantilesOf(counts: Counts, series: SeriesName): Quantiles {
  const buckets = bucketsOf(counts, series)
  return { p50: quantile(buckets, 0.5), p99: quantile(buckets, 0.99) }
}

/**
 * Estimates a quantile of a histogram, in seconds: as the exact value is not kept, it is taken to lie
 * evenly between the bounds of its bucket, as Prometheus does.
 */
export function quantile(buckets: readonly Bucket[], share: number): number | undefined {
  const wanted = buckets.reduce((sum, { count }) => sum + count, 0) * share
  let below = 0
  for (const { lower, upper, count } of buckets) {
    if (count > 0 && below + count >= wanted) {
      // Of what is above the last bound only that is known.
      return upper === Infinity ? lower : lower + ((wanted - below) / count) * (upper - lower)
    }
    below += count
  }
  return undefined
}
