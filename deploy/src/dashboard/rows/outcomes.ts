import { graph } from '../panels.ts'
import type { Row } from '../panels.ts'
import { moving, quantile, rate, rateOrZero, share } from '../queries.ts'

export const outcomes: Row = {
  title: 'Outcomes',
  panels: [
    graph({
      title: 'Events by outcome',
      description:
        'applied: written. stale: a newer change was known. duplicate: in the ledger already. deleted: a deletion. ignored: recorded only.',
      unit: 'reqps',
      queries: [
        [moving('clerk_sync_worker_events_total{type=~"$type"}', 'outcome'), '{{outcome}}'],
      ],
      noValue: 'no traffic',
      stacked: true,
    }),
    graph({
      title: 'Events by type',
      description: 'What workers finished, whatever the outcome.',
      unit: 'reqps',
      queries: [[moving('clerk_sync_worker_events_total{type=~"$type"}', 'type'), '{{type}}']],
      noValue: 'no traffic',
      stacked: true,
    }),
    graph({
      title: 'Old rows removed',
      description: 'Ledger rows and tombstones that are older than retention, once an hour.',
      unit: 'short',
      queries: [
        ['sum by (table) (increase(clerk_sync_worker_rows_removed_total[1h]))', '{{table}}'],
      ],
    }),
  ],
}

export const failures: Row = {
  title: 'Failures',
  panels: [
    graph({
      title: 'Failed attempts by type',
      description:
        'Each is tried again for more than an hour. Good: none; the log and the board have the reason.',
      unit: 'reqps',
      queries: [[moving('clerk_sync_worker_failures_total{type=~"$type"}', 'type'), '{{type}}']],
      noValue: 'none',
      stacked: true,
    }),
    graph({
      title: 'Failed for good',
      description: 'Events that went to the failed set, and those that are in it. Good: 0.',
      unit: 'short',
      queries: [
        ['max(clerk_sync_queue_jobs{state="failed"})', 'in the failed set'],
        [
          'sum(increase(clerk_sync_worker_failures_total{final="true"}[$__rate_interval])) or vector(0)',
          'new',
        ],
      ],
      alert: 'ClerkSyncFailedJobs',
    }),
    graph({
      title: 'Attempts per event',
      description: 'How many attempts the events took that were finished. Good: 1.',
      unit: 'short',
      queries: [
        [quantile(0.5, 'clerk_sync_worker_attempts'), 'p50'],
        [quantile(0.99, 'clerk_sync_worker_attempts'), 'p99'],
      ],
      noValue: 'no traffic',
    }),
    graph({
      title: 'Deliveries refused, by reason',
      description:
        'queue_unavailable and internal_error are ours. invalid_signature: a rotated secret, or somebody else. The others are no events.',
      unit: 'reqps',
      queries: [
        [
          moving(
            'clerk_sync_ingest_requests_total{outcome!~"accepted|left_out|other_instance"}',
            'outcome',
          ),
          '{{outcome}}',
        ],
      ],
      noValue: 'none',
      stacked: true,
      width: 12,
    }),
    graph({
      title: 'Stalled jobs',
      description:
        'Jobs taken over from a worker that crashed or froze. Good: 0; a worker that is stopped gives its jobs back.',
      unit: 'short',
      queries: [
        ['sum(increase(clerk_sync_worker_stalled_jobs_total[$__rate_interval]))', 'taken over'],
      ],
      alert: 'ClerkSyncStalledJobs',
      width: 12,
    }),
  ],
}

const events = rate('clerk_sync_worker_events_total')

export const duplicates: Row = {
  title: 'Duplicates',
  panels: [
    graph({
      title: 'Duplicates by type',
      description:
        'Events that the ledger had already, or that came again while the first still waited. Svix sends at least once, so some are normal; many come from answers that are late, or from a replay in Clerk.',
      unit: 'reqps',
      queries: [
        [
          moving('clerk_sync_worker_events_total{outcome="duplicate",type=~"$type"}', 'type'),
          '{{type}}',
        ],
        [`${rate('clerk_sync_ingest_duplicates_total')} > 0`, 'while the first still waited'],
      ],
      noValue: 'none',
      stacked: true,
      width: 12,
    }),
    graph({
      title: 'Duplicate and stale share',
      description:
        'duplicate: the same event again. stale: a newer change came first. Neither changes a row.',
      unit: 'percentunit',
      queries: [
        [
          share(rateOrZero('clerk_sync_worker_events_total{outcome="duplicate"}'), events),
          'duplicate',
        ],
        [share(rateOrZero('clerk_sync_worker_events_total{outcome="stale"}'), events), 'stale'],
      ],
      max: 1,
      noValue: 'no traffic',
      width: 12,
    }),
  ],
}
