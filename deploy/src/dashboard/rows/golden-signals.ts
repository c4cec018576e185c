import { graph, stat } from '../panels.ts'
import type { Row } from '../panels.ts'
import {
  allAttempts,
  busyConnections,
  busyWorkers,
  deliveries,
  lately,
  quantile,
  queueAge,
  rate,
  rateOrZero,
  redisMemory,
  refused,
  share,
  sinceLastEvent,
} from '../queries.ts'

const refusedShare = share(rateOrZero(refused), deliveries)
const failedShare = share(rateOrZero('clerk_sync_worker_failures_total'), allAttempts)
const eventToRow = quantile(0.95, 'clerk_sync_worker_event_to_row_seconds')

export const goldenSignals: Row = {
  title: 'Golden signals',
  panels: [
    stat({
      title: 'Traffic',
      description:
        'Deliveries per second, whatever the answer, in the last 5 minutes. Good: the usual for this hour.',
      unit: 'reqps',
      queries: [[lately(deliveries), 'deliveries']],
    }),
    stat({
      title: 'Errors',
      description:
        'Deliveries answered 500 or 503, and attempts of workers that failed, as shares, in the last 5 minutes. Good: 0 %.',
      unit: 'percentunit',
      queries: [
        [lately(refusedShare), 'deliveries refused'],
        [lately(failedShare), 'attempts failed'],
      ],
      alert: 'ClerkSyncFailureRatio',
      warnAt: 0.01,
      noValue: 'no traffic',
    }),
    stat({
      title: 'Latency',
      description:
        'From the event in Clerk to the commit of its row, p95 of the last 5 minutes. Good: around a second. Old events that are sent again count as well.',
      unit: 's',
      queries: [[lately(eventToRow), 'p95 event to row']],
      alert: 'ClerkSyncSlowEventToRow',
      warnAt: 5,
      noValue: 'no traffic',
    }),
    stat({
      title: 'Saturation',
      description:
        'How long the oldest event in the queue has waited. Good: below a second; it grows when more arrives than the workers write.',
      unit: 's',
      queries: [[queueAge, 'oldest waiting event']],
      alert: 'ClerkSyncQueueOld',
      warnAt: 10,
      noValue: 'no queue',
    }),
    graph({
      title: 'Traffic: deliveries and events',
      description:
        'What Clerk sends, and what workers finish. Good: both curves are the same, but for what is left out.',
      unit: 'reqps',
      queries: [
        [deliveries, 'deliveries'],
        [rate('clerk_sync_worker_events_total'), 'events processed'],
      ],
      width: 6,
      height: 7,
    }),
    graph({
      title: 'Errors: refused and failed',
      description:
        'Deliveries answered 500 or 503, and attempts of workers that failed, as shares of all. Good: 0 %.',
      unit: 'percentunit',
      queries: [
        [refusedShare, 'deliveries refused'],
        [failedShare, 'attempts failed'],
      ],
      alert: 'ClerkSyncFailureRatio',
      noValue: 'no traffic',
      width: 6,
      height: 7,
    }),
    graph({
      title: 'Latency: answer and row',
      description:
        'p99 of the answer to Clerk (Svix gives up after 15 s), p95 from the event in Clerk to its row.',
      unit: 's',
      queries: [
        [quantile(0.99, 'clerk_sync_ingest_ack_seconds'), 'p99 answer'],
        [eventToRow, 'p95 event to row'],
      ],
      alert: 'ClerkSyncSlowEventToRow',
      noValue: 'no traffic',
      width: 6,
      height: 7,
    }),
    graph({
      title: 'Saturation: what is full',
      description:
        'Shares in use of Redis memory, of the jobs that workers take at once, and of their database connections. Good: Redis below 80 %; workers may be at 100 % for a while.',
      unit: 'percentunit',
      queries: [
        [redisMemory, 'Redis memory'],
        [busyWorkers, 'worker concurrency'],
        [busyConnections, 'database connections'],
      ],
      alert: 'ClerkSyncRedisMemoryHigh',
      max: 1,
      width: 6,
      height: 7,
    }),
    stat({
      title: 'Alerts firing',
      description: 'Alerts of clerk-sync that fire now. Good: 0.',
      unit: 'short',
      queries: [['count(ALERTS{alertname=~"ClerkSync.+",alertstate="firing"}) or vector(0)', '']],
      warnAt: 1,
      width: 4,
      height: 3,
    }),
    stat({
      title: 'Last verified event',
      description:
        'Time since the last event that Clerk signed. Good: the usual for this hour; after a day an alert fires.',
      unit: 's',
      queries: [[sinceLastEvent, 'ago']],
      alert: 'ClerkSyncNoVerifiedEvent',
      noValue: 'none yet',
      width: 4,
      height: 3,
    }),
    stat({
      title: 'Failed events',
      description: 'Events in the failed set, until someone replays them. Good: 0.',
      unit: 'short',
      queries: [['max(clerk_sync_queue_jobs{state="failed"})', 'failed']],
      warnAt: 1,
      noValue: 'no queue',
      width: 4,
      height: 3,
    }),
    stat({
      title: 'Rows unlike Clerk',
      description: 'What the last reconcile left. Good: 0.',
      unit: 'short',
      queries: [['sum(max by (table, kind) (clerk_sync_reconcile_drift_rows))', 'rows']],
      warnAt: 1,
      noValue: 'never compared',
      width: 4,
      height: 3,
    }),
    stat({
      title: 'ingest',
      description: 'ingest processes that answer. Good: as many as you run.',
      unit: 'short',
      queries: [['sum(up{job="ingest"}) or vector(0)', 'ingest']],
      leastGood: 1,
      width: 4,
      height: 3,
    }),
    stat({
      title: 'Workers',
      description: 'Workers that can write to the database. Good: as many as you run.',
      unit: 'short',
      queries: [['sum(clerk_sync_worker_database_up) or vector(0)', 'workers']],
      leastGood: 1,
      width: 4,
      height: 3,
    }),
  ],
}
