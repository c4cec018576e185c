import { graph } from '../panels.ts'
import type { Row } from '../row.ts'

export const drift: Row = {
  title: 'Drift',
  panels: [
    graph({
      title: 'Rows that differ from Clerk',
      description:
        'What the last reconcile left, by table and kind: missing, stale, extra, resurrected. Good: 0. "clerk-sync reconcile --repair" mends it.',
      unit: 'short',
      queries: [['max by (table, kind) (clerk_sync_reconcile_drift_rows)', '{{table}} {{kind}}']],
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
