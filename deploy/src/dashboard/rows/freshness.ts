import { graph } from '../panels.ts'
import type { Row } from '../panels.ts'
import { rate, share, sinceLastEvent } from '../queries.ts'

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

export const drift: Row = {
  title: 'Drift',
  panels: [
    graph({
      title: 'Rows that differ from Clerk',
      description:
        'What the last reconcile found and did not repair, by table and kind: missing, stale, extra, resurrected. Good: 0. "clerk-sync reconcile --repair" repairs it. A table that is incomplete (1) was not compared as a whole.',
      unit: 'short',
      queries: [
        ['max by (table, kind) (clerk_sync_reconcile_drift_rows)', '{{table}} {{kind}}'],
        ['max by (table) (clerk_sync_reconcile_incomplete)', '{{table}} incomplete'],
      ],
      alert: 'ClerkSyncDrift',
      noValue: 'never compared',
      width: 16,
    }),
    graph({
      title: 'Duration of the last reconcile',
      description: 'It grows with the number of users, and with waits for the rate limit of Clerk.',
      unit: 's',
      queries: [['max(clerk_sync_reconcile_last_run_duration_seconds)', 'duration']],
      noValue: 'never compared',
    }),
  ],
}
