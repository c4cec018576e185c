import { graph } from '../panels.ts'
import { moving, rate, rateOrZero, share } from '../queries.ts'
import type { Row } from '../row.ts'

const events = rate('clerk_sync_worker_events_total')

export const duplicates: Row = {
  title: 'Duplicates',
  panels: [
    graph({
      title: 'Duplicates by type',
      description:
        'Events that the ledger had already. Svix sends at least once, so some are normal; many come from answers that are late, or from a replay in Clerk.',
      unit: 'reqps',
      queries: [
        [
          moving('clerk_sync_worker_events_total{outcome="duplicate",type=~"$type"}', 'type'),
          '{{type}}',
        ],
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
