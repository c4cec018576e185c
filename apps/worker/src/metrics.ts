import type { Outcome } from '@clerk-sync/db'
import { isEventType } from '@clerk-sync/events'
import type { QueueDepth } from '@clerk-sync/queue'
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'

export interface WorkerMetrics {
  /** Times are milliseconds. */
  done(
    event: { type: string; occurredAt: number; enqueuedAt: number; startedAt: number },
    outcome: Outcome,
  ): void
  failed(type: string, final: boolean): void
  stalled(): void
  flushed(events: number, seconds: number): void
  databaseUp(up: boolean): void
  /** Rows that were too old. */
  removed(rows: { ledgerRows: number; tombstones: number }): void
}

const latencySeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600]

export function createWorkerMetrics(
  registry: Registry,
  readDepth: () => Promise<QueueDepth>,
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
    help: 'Failed attempts, by event type; final ones went to the failed set.',
    labelNames: ['type', 'final'] as const,
    registers,
  })
  const stalls = new Counter({
    name: 'clerk_sync_worker_stalled_jobs_total',
    help: 'Jobs taken over from a worker that died or froze.',
    registers,
  })
  const queueWait = new Histogram({
    name: 'clerk_sync_worker_queue_wait_seconds',
    help: 'Time from enqueueing to the start of processing.',
    buckets: latencySeconds,
    registers,
  })
  const processing = new Histogram({
    name: 'clerk_sync_worker_processing_seconds',
    help: 'Time from the start of processing to the commit.',
    buckets: latencySeconds,
    registers,
  })
  const eventToRow = new Histogram({
    name: 'clerk_sync_worker_event_to_row_seconds',
    help: 'Time from the event in Clerk to the commit of its row.',
    buckets: latencySeconds,
    registers,
  })
  const batchSize = new Histogram({
    name: 'clerk_sync_worker_batch_size_events',
    help: 'Events written by one flush.',
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500],
    registers,
  })
  const flush = new Histogram({
    name: 'clerk_sync_worker_flush_seconds',
    help: 'Time of one flush, from the first statement to the commit.',
    buckets: latencySeconds,
    registers,
  })
  const database = new Gauge({
    name: 'clerk_sync_worker_database_up',
    help: '1 while the database takes writes, 0 while the worker waits for it.',
    registers,
  })
  database.set(0)
  const removed = new Counter({
    name: 'clerk_sync_worker_rows_removed_total',
    help: 'Rows removed because they were too old, by table.',
    labelNames: ['table'] as const,
    registers,
  })
  registerQueueDepth(registry, readDepth)

  return {
    done({ type, occurredAt, enqueuedAt, startedAt }, outcome) {
      const now = Date.now()
      events.inc({ type: labelOf(type), outcome })
      queueWait.observe(Math.max(0, startedAt - enqueuedAt) / 1000)
      processing.observe((now - startedAt) / 1000)
      if (outcome === 'applied' || outcome === 'deleted') {
        eventToRow.observe(Math.max(0, now - occurredAt) / 1000)
      }
    },
    failed: (type, final) => failures.inc({ type: labelOf(type), final: String(final) }),
    stalled: () => stalls.inc(),
    flushed(count, seconds) {
      batchSize.observe(count)
      flush.observe(seconds)
    },
    databaseUp: (up) => database.set(up ? 1 : 0),
    removed({ ledgerRows, tombstones }) {
      removed.inc({ table: 'webhook_events' }, ledgerRows)
      removed.inc({ table: 'tombstones' }, tombstones)
    },
  }
}

// Every worker reports the depth of the one queue: take max() over the workers, not sum().
function registerQueueDepth(registry: Registry, readDepth: () => Promise<QueueDepth>): void {
  const jobs = new Gauge({
    name: 'clerk_sync_queue_jobs',
    help: 'Jobs in the queue by state; absent while the queue does not answer. The same from every worker.',
    labelNames: ['state'] as const,
    registers: [registry],
    async collect() {
      this.reset()
      const counts = await readDepth().catch(() => ({}))
      for (const [state, count] of Object.entries(counts)) jobs.set({ state }, count)
    },
  })
}

function labelOf(type: string): string {
  return isEventType(type) ? type : 'unknown'
}
