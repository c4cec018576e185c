import { rate, rateOrZero } from './queries.ts'

const requests = 'clerk_sync_ingest_requests_total'
const attempts = 'clerk_sync_worker_failures_total'

/** Deliveries that are refused although Clerk sent them as it should. */
export const refused = `${requests}{outcome=~"queue_unavailable|internal_error"}`

/** Attempts of workers, those that failed included; 0 where there were none. */
export const allAttempts = `(${rateOrZero('clerk_sync_worker_events_total')} + ${rateOrZero(attempts)})`

/** Deliveries per second, whatever the answer. */
export const deliveries = rate(requests)

/** Time since the last event that Clerk signed; restarts make no difference. */
export const sinceLastEvent =
  'time() - max(max_over_time(clerk_sync_ingest_last_verified_event_timestamp_seconds[2d]))'

export const queueAge = 'max(clerk_sync_queue_oldest_waiting_age_seconds)'
export const redisMemory =
  'max(clerk_sync_redis_memory_used_bytes / clerk_sync_redis_memory_max_bytes)'
export const busyWorkers =
  'sum(clerk_sync_worker_jobs_in_progress) / sum(clerk_sync_worker_concurrency)'
export const busyConnections =
  'sum(clerk_sync_worker_database_connections{state="active"}) / sum(clerk_sync_worker_database_connections_max)'
