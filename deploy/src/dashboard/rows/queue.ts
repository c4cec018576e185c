import { queueAge } from '../metrics.ts'
import { graph } from '../panels.ts'
import { rate } from '../queries.ts'
import type { Row } from '../row.ts'

export const queue: Row = {
  title: 'Queue',
  panels: [
    graph({
      title: 'Depth',
      description:
        'Jobs by state. waiting: to be taken; active: in a worker; delayed: between two attempts; failed: until someone replays them. Good: waiting falls back to 0 after a burst.',
      unit: 'short',
      queries: [['max by (state) (clerk_sync_queue_jobs)', '{{state}}']],
    }),
    graph({
      title: 'Age of the oldest waiting event',
      description: 'Good: below a second. Add workers when it stays above.',
      unit: 's',
      queries: [[queueAge, 'oldest']],
      alert: 'ClerkSyncQueueOld',
    }),
    graph({
      title: 'In and out',
      description:
        'Events that enter the queue and that workers finish. Where in is above out, the queue grows.',
      unit: 'reqps',
      queries: [
        [rate('clerk_sync_ingest_requests_total{outcome="accepted"}'), 'in'],
        [rate('clerk_sync_worker_events_total'), 'out'],
      ],
    }),
  ],
}
