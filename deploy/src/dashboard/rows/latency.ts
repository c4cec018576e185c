import { graph } from '../panels.ts'
import { quantiles } from '../queries.ts'
import type { Row } from '../row.ts'

const noValue = 'no traffic'

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
      noValue,
    }),
    graph({
      title: 'Enqueue',
      description:
        'How long the queue takes to have an event for good; most of the time of an answer. It grows when Redis is slow or away.',
      unit: 's',
      queries: quantiles('clerk_sync_ingest_enqueue_seconds'),
      noValue,
    }),
    graph({
      title: 'Event to row',
      description:
        'From the event in Clerk to the commit of its row: what an application sees. Old events that are sent again count as well.',
      unit: 's',
      queries: quantiles('clerk_sync_worker_event_to_row_seconds'),
      alert: 'ClerkSyncSlowEventToRow',
      noValue,
    }),
    graph({
      title: 'Wait in the queue',
      description:
        'From enqueueing to the start of the first attempt. It grows when there are too few workers.',
      unit: 's',
      queries: quantiles('clerk_sync_worker_queue_wait_seconds'),
      noValue,
    }),
    graph({
      title: 'Processing',
      description:
        'From the start of an attempt to its commit, the wait for its batch included. It grows with the database.',
      unit: 's',
      queries: quantiles('clerk_sync_worker_processing_seconds'),
      noValue,
    }),
    graph({
      title: 'One write',
      description: 'One transaction of a batch, from the first statement to the commit.',
      unit: 's',
      queries: quantiles('clerk_sync_worker_flush_seconds'),
      noValue,
    }),
  ],
}
