import { sinceLastEvent } from '../metrics.ts'
import { graph } from '../panels.ts'
import { rate, share } from '../queries.ts'
import type { Row } from '../row.ts'

const eventToRow = 'clerk_sync_worker_event_to_row_seconds'

// Prometheus 3 writes le="1.0", Prometheus 2 le="1".
export const freshness: Row = {
  title: 'Freshness',
  panels: [
    graph({
      title: 'Since the last verified event',
      description:
        'Time since the last event that Clerk signed. A line that only rises: Clerk sends nothing, or it does not arrive.',
      unit: 's',
      queries: [[sinceLastEvent, 'ago']],
      alert: 'ClerkSyncNoVerifiedEvent',
      noValue: 'none yet',
    }),
    graph({
      title: 'Rows that follow within 1 s and 10 s',
      description: 'Share of the changes that were committed so soon after the event in Clerk.',
      unit: 'percentunit',
      queries: ['1', '10'].map((seconds) => [
        share(rate(`${eventToRow}_bucket{le=~"${seconds}([.]0)?"}`), rate(`${eventToRow}_count`)),
        `within ${seconds} s`,
      ]),
      max: 1,
      noValue: 'no traffic',
    }),
    graph({
      title: 'Since the last comparison with Clerk',
      description: 'Time since the last reconcile ended, in whatever process.',
      unit: 's',
      queries: [['time() - max(clerk_sync_reconcile_last_run_timestamp_seconds)', 'ago']],
      alert: 'ClerkSyncReconcileOverdue',
      noValue: 'never compared',
    }),
  ],
}
