import { graph } from '../panels.ts'
import { moving } from '../queries.ts'
import type { Row } from '../row.ts'

export const outcomes: Row = {
  title: 'Outcomes',
  panels: [
    graph({
      title: 'Events by outcome',
      description:
        'applied: written. stale: a newer change was known. duplicate: in the ledger already. deleted: a deletion, or its id is gone. ignored: recorded only.',
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
