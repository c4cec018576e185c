import { graph } from '../panels.ts'
import type { Row } from '../panels.ts'
import { quantile } from '../queries.ts'

const ours = 'job=~"ingest|worker|console",instance=~"$instance"'
const perInstance = '{{job}} {{instance}}'

export const saturation: Row = {
  title: 'Saturation',
  panels: [
    graph({
      title: 'Redis memory',
      description:
        'Used, and the limit. A full Redis takes no event and finishes none. Absent where the queue is on PostgreSQL; no limit where maxmemory is 0.',
      unit: 'bytes',
      queries: [
        ['max(clerk_sync_redis_memory_used_bytes)', 'used'],
        ['max(clerk_sync_redis_memory_max_bytes)', 'maxmemory'],
      ],
      noValue: 'no Redis',
    }),
    graph({
      title: 'Jobs in workers',
      description:
        'Jobs in progress, and the most that all workers take at once. At the limit while the queue grows: add workers.',
      unit: 'short',
      queries: [
        ['sum(clerk_sync_worker_jobs_in_progress)', 'in progress'],
        ['sum(clerk_sync_worker_concurrency)', 'limit'],
      ],
    }),
    graph({
      title: 'Events per write',
      description:
        'How many events one transaction takes. Around BATCH_SIZE all the time: the workers are busy.',
      unit: 'short',
      queries: [
        [quantile(0.5, 'clerk_sync_worker_batch_size_events'), 'p50'],
        [quantile(0.95, 'clerk_sync_worker_batch_size_events'), 'p95'],
      ],
      noValue: 'no traffic',
    }),
    graph({
      title: 'Database connections',
      description: 'Of all workers: in use and idle, and the most that they open.',
      unit: 'short',
      queries: [
        ['sum by (state) (clerk_sync_worker_database_connections)', '{{state}}'],
        ['sum(clerk_sync_worker_database_connections_max)', 'limit'],
      ],
    }),
    graph({
      title: 'Waiting for a database connection',
      description: 'Good: 0. Above for long: statements are slow or locked.',
      unit: 'short',
      queries: [
        ['clerk_sync_worker_database_connection_waiters{instance=~"$instance"}', '{{instance}}'],
      ],
      alert: 'ClerkSyncConnectionWaiters',
    }),
    graph({
      title: 'Requests in flight',
      description:
        'Deliveries that wait for their answer. It grows when the queue is slow or unavailable.',
      unit: 'short',
      queries: [['clerk_sync_ingest_requests_in_flight{instance=~"$instance"}', '{{instance}}']],
    }),
    graph({
      title: 'CPU',
      description: 'Cores in use; one process uses little more than one.',
      unit: 'short',
      queries: [[`rate(process_cpu_seconds_total{${ours}}[$__rate_interval])`, perInstance]],
    }),
    graph({
      title: 'Event loop lag, p99',
      description: 'How late a process is with everything. Good: below 100 ms.',
      unit: 's',
      queries: [[`nodejs_eventloop_lag_p99_seconds{${ours}}`, perInstance]],
      alert: 'ClerkSyncEventLoopLag',
    }),
    graph({
      title: 'Memory',
      description: 'Resident memory. Good: it levels off.',
      unit: 'bytes',
      queries: [[`process_resident_memory_bytes{${ours}}`, perInstance]],
    }),
    graph({
      title: 'Processes',
      description: 'Processes that answer Prometheus, by app.',
      unit: 'short',
      queries: [['sum by (job) (up{job=~"ingest|worker|console"})', '{{job}}']],
      width: 12,
    }),
    graph({
      title: 'Releases',
      description: 'Processes by app and version. Two versions of an app: a roll-out is under way.',
      unit: 'short',
      queries: [['count by (app, version) (clerk_sync_build_info)', '{{app}} {{version}}']],
      width: 12,
    }),
  ],
}
