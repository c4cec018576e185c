import { graph } from '../panels.ts'
import type { Row } from '../panels.ts'
import { moving, quantiles, queueAge, rate } from '../queries.ts'

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

export const latency: Row = {
  title: 'Latency',
  panels: [
    graph({
      title: 'Answer to Clerk',
      description:
        'From the arrival of a delivery to its answer. Good: p99 below 100 ms; Svix gives up after 15 s.',
      unit: 's',
      queries: quantiles('clerk_sync_ingest_ack_seconds'),
      alert: 'ClerkSyncSlowAnswers',
      noValue: 'no traffic',
    }),
    graph({
      title: 'Enqueue',
      description:
        'How long the queue takes to have an event for good; most of the time of an answer. It grows when Redis is slow or unavailable.',
      unit: 's',
      queries: quantiles('clerk_sync_ingest_enqueue_seconds'),
      noValue: 'no traffic',
    }),
    graph({
      title: 'Event to row',
      description:
        'From the event in Clerk to the commit of its row: what an application sees. Old events that are sent again count as well.',
      unit: 's',
      queries: quantiles('clerk_sync_worker_event_to_row_seconds'),
      alert: 'ClerkSyncSlowEventToRow',
      noValue: 'no traffic',
    }),
    graph({
      title: 'Wait in the queue',
      description:
        'From enqueueing to the start of the first attempt. It grows when there are too few workers.',
      unit: 's',
      queries: quantiles('clerk_sync_worker_queue_wait_seconds'),
      noValue: 'no traffic',
    }),
    graph({
      title: 'Processing',
      description:
        'From the start of an attempt to its commit, the wait for its batch included. It grows with the database.',
      unit: 's',
      queries: quantiles('clerk_sync_worker_processing_seconds'),
      noValue: 'no traffic',
    }),
    graph({
      title: 'One write',
      description: 'One transaction of a batch, from the first statement to the commit.',
      unit: 's',
      queries: quantiles('clerk_sync_worker_flush_seconds'),
      noValue: 'no traffic',
    }),
  ],
}

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
