import { graph } from '../panels.ts'
import { moving, rate } from '../queries.ts'
import type { Row } from '../row.ts'

export const traffic: Row = {
  title: 'Traffic',
  panels: [
    graph({
      title: 'Deliveries by answer',
      description:
        'accepted: in the queue. left_out and other_instance: acknowledged and dropped, as configured. Everything else is answered with an error.',
      unit: 'reqps',
      queries: [[moving('clerk_sync_ingest_requests_total', 'outcome'), '{{outcome}}']],
      noValue: 'no traffic',
      stacked: true,
    }),
    graph({
      title: 'Verified events by type',
      description:
        'What Clerk signed, by type of event; unknown: a type that Clerk has added since.',
      unit: 'reqps',
      queries: [
        [
          moving('clerk_sync_ingest_requests_total{type!="unverified",type=~"$type"}', 'type'),
          '{{type}}',
        ],
      ],
      noValue: 'no traffic',
      stacked: true,
    }),
    graph({
      title: 'Deliveries by process',
      description: 'How evenly the load balancer spreads the deliveries over ingest.',
      unit: 'reqps',
      queries: [[rate('clerk_sync_ingest_requests_total', 'instance'), '{{instance}}']],
      noValue: 'no traffic',
      stacked: true,
    }),
  ],
}
