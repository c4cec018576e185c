import { outcomes } from '@clerk-sync/db'
import type { Outcome, PoolUse } from '@clerk-sync/db'
import { eventTypes, isEventType } from '@clerk-sync/events'
import { registerReadGauge, shareReading } from '@clerk-sync/ops/metrics'
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'

/** An event that is done. Times are milliseconds. */
interface DoneEvent {
  readonly type: string
  readonly occurredAt: number
  /** Undefined when it waited only to be tried again. */
  readonly enqueuedAt: number | undefined
  readonly startedAt: number
  readonly attempt: number
}

export interface WorkerMetrics {
  done(event: DoneEvent, outcome: Outcome): void
  failed(type: string, final: boolean): void
  stalled(): void
  /** A job is in this worker as long as its work goes on. */
  inProgress<T>(work: Promise<T>): Promise<T>
  flushed(events: number, seconds: number): void
  /** Rows that were too old. */
  removed(rows: { ledgerRows: number; tombstones: number }): void
}

export interface WorkerMetricsSources {
  /** The most jobs that this worker holds at once. */
  readonly concurrency: number
  readonly poolUse: () => PoolUse
  /** Throws while the database takes no writes of this release. */
  readonly checkDatabase: () => Promise<void>
}

const workSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600]
// An event may wait for the end of an outage: up to a day.
const lagSeconds = [...workSeconds, 21_600, 86_400]

export function createWorkerMetrics(
  registry: Registry,
  { concurrency, poolUse, checkDatabase }: WorkerMetricsSources,
): WorkerMetrics {
  const registers = [registry]
  const events = new Counter({
    name: 'clerk_sync_worker_events_total',
    help: 'Events processed, by event type and outcome; after an outage some may count as duplicate that were applied.',
    labelNames: ['type', 'outcome'] as const,
    registers,
  })
  const failures = new Counter({
    name: 'clerk_sync_worker_failures_total',
    help: 'Attempts that failed, by event type; after a final one the event stays in the failed set until someone replays it.',
    labelNames: ['type', 'final'] as const,
    registers,
  })
  const stalls = new Counter({
    name: 'clerk_sync_worker_stalled_jobs_total',
    help: 'Jobs taken over from a worker that crashed or froze.',
    registers,
  })
  const queueWait = new Histogram({
    name: 'clerk_sync_worker_queue_wait_seconds',
    help: 'Time from enqueueing to the start of processing, of events that no attempt failed before.',
    buckets: lagSeconds,
    registers,
  })
  const processing = new Histogram({
    name: 'clerk_sync_worker_processing_seconds',
    help: 'Time from the start of processing to the commit, including the wait for a database that is unavailable.',
    buckets: workSeconds,
    registers,
  })
  const eventToRow = new Histogram({
    name: 'clerk_sync_worker_event_to_row_seconds',
    help: 'Time from the event in Clerk to the commit of its row, of events that were applied or deleted something; the clocks of Clerk and of this machine both count.',
    buckets: lagSeconds,
    registers,
  })
  const attempts = new Histogram({
    name: 'clerk_sync_worker_attempts',
    help: 'Attempts that an event had needed when it was done; a replay counts from 1 again.',
    buckets: [1, 2, 3, 5, 8, 12, 18],
    registers,
  })
  const batchSize = new Histogram({
    name: 'clerk_sync_worker_batch_size_events',
    help: 'Events written by one flush.',
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000],
    registers,
  })
  const flush = new Histogram({
    name: 'clerk_sync_worker_flush_seconds',
    help: 'Time of one flush, from the first statement to the commit, including the wait for a database that is unavailable.',
    buckets: workSeconds,
    registers,
  })
  const held = new Gauge({
    name: 'clerk_sync_worker_jobs_in_progress',
    help: 'Jobs that this worker holds now: they are processed, or wait for their batch or for the database.',
    registers,
  })
  new Gauge({
    name: 'clerk_sync_worker_concurrency',
    help: 'The most jobs that this worker holds at once.',
    registers,
  }).set(concurrency)
  const removed = new Counter({
    name: 'clerk_sync_worker_rows_removed_total',
    help: 'Rows removed because they were too old, by table.',
    labelNames: ['table'] as const,
    registers,
  })
  registerPoolUse(registry, poolUse)
  registerDatabaseUp(registry, checkDatabase)
  // A series that begins with its first event hides that event from increase().
  for (const type of [...eventTypes, unknown]) {
    for (const outcome of outcomes) events.inc({ type, outcome }, 0)
    for (const final of ['true', 'false']) failures.inc({ type, final }, 0)
  }
  for (const table of ['webhook_events', 'tombstones']) removed.inc({ table }, 0)

  return {
    done({ type, occurredAt, enqueuedAt, startedAt, attempt }, outcome) {
      const now = Date.now()
      events.inc({ type: labelOf(type), outcome })
      attempts.observe(attempt)
      if (enqueuedAt !== undefined) queueWait.observe(Math.max(0, startedAt - enqueuedAt) / 1000)
      processing.observe((now - startedAt) / 1000)
      if (outcome === 'applied' || outcome === 'deleted') {
        eventToRow.observe(Math.max(0, now - occurredAt) / 1000)
      }
    },
    failed: (type, final) => failures.inc({ type: labelOf(type), final: String(final) }),
    stalled: () => stalls.inc(),
    async inProgress(work) {
      held.inc()
      return await work.finally(() => held.dec())
    },
    flushed(count, seconds) {
      batchSize.observe(count)
      flush.observe(seconds)
    },
    removed({ ledgerRows, tombstones }) {
      removed.inc({ table: 'webhook_events' }, ledgerRows)
      removed.inc({ table: 'tombstones' }, tombstones)
    },
  }
}

function registerDatabaseUp(registry: Registry, checkDatabase: () => Promise<void>): void {
  const isUp = shareReading(() => checkDatabase().then(() => true))
  registerReadGauge(registry, {
    name: 'clerk_sync_worker_database_up',
    help: '1 while the database takes writes and has the migrations of this release, else 0: the worker waits for it.',
    read: async () => [{ value: (await isUp()) ? 1 : 0 }],
  })
}

function registerPoolUse(registry: Registry, poolUse: () => PoolUse): void {
  registerReadGauge(registry, {
    name: 'clerk_sync_worker_database_connections',
    help: 'Connections of this worker to the database, by what they do now; those of a queue in PostgreSQL are not among them.',
    labelNames: ['state'],
    read() {
      const { active, idle } = poolUse()
      return Object.entries({ active, idle }).map(([state, value]) => ({
        labels: { state },
        value,
      }))
    },
  })
  registerReadGauge(registry, {
    name: 'clerk_sync_worker_database_connections_max',
    help: 'The most connections that this worker opens to the database.',
    read: () => [{ value: poolUse().max }],
  })
  registerReadGauge(registry, {
    name: 'clerk_sync_worker_database_connection_waiters',
    help: 'Transactions of this worker that wait for a connection to the database.',
    read: () => [{ value: poolUse().waiters }],
  })
}

const unknown = 'unknown'

function labelOf(type: string): string {
  return isEventType(type) ? type : unknown
}
