/** Per second, all series together or by labels. */
export function rate(selector: string, by = ''): string {
  const grouping = by ? ` by (${by})` : ''
  return `sum${grouping} (rate(${selector}[$__rate_interval]))`
}

/** `rate`, and 0 where nothing was ever counted. */
export function rateOrZero(selector: string): string {
  return `(${rate(selector)} or vector(0))`
}

/** Per second by labels, without series that are 0: the counter of every type begins at 0. */
export function moving(selector: string, by: string): string {
  return `${rate(selector, by)} > 0`
}

/** A quantile of a histogram over all processes; absent without traffic. `metric` has no suffix. */
export function quantile(q: number, metric: string): string {
  return `histogram_quantile(${q}, ${rate(`${metric}_bucket`, 'le')}) >= 0`
}

/** p50, p95 and p99 with their names. */
export function quantiles(metric: string): (readonly [string, string])[] {
  return [0.5, 0.95, 0.99].map((q) => [quantile(q, metric), `p${q * 100}`])
}

/** A part of a whole, 0 to 1; nothing where the whole is 0. */
export function share(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`
}

/** The expression over the last five minutes, for a number that is not a graph. */
export function lately(expression: string): string {
  return expression.replaceAll('$__rate_interval', '5m')
}

const requests = 'clerk_sync_ingest_requests_total'
const attempts = 'clerk_sync_worker_failures_total'

/** Deliveries that are refused although they are valid. */
export const refused = `${requests}{outcome=~"queue_unavailable|internal_error"}`

/** Attempts of workers, failed ones included; 0 where there were none. */
export const allAttempts = `(${rateOrZero('clerk_sync_worker_events_total')} + ${rateOrZero(attempts)})`

/** Deliveries per second, whatever the answer. */
export const deliveries = rate(requests)

/** Seconds since the last event that Clerk signed, also over restarts. */
export const sinceLastEvent =
  'time() - max(max_over_time(clerk_sync_ingest_last_verified_event_timestamp_seconds[2d]))'

export const queueAge = 'max(clerk_sync_queue_oldest_waiting_age_seconds)'
export const redisMemory =
  'max(clerk_sync_redis_memory_used_bytes / clerk_sync_redis_memory_max_bytes)'
export const busyWorkers =
  'sum(clerk_sync_worker_jobs_in_progress) / sum(clerk_sync_worker_concurrency)'
export const busyConnections =
  'sum(clerk_sync_worker_database_connections{state="active"}) / sum(clerk_sync_worker_database_connections_max)'
