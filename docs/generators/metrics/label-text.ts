import { drifts } from '@clerk-sync/sync'
import { outcomes } from '@clerk-sync/db'
import { unverifiedOutcomes, verifiedOutcomes } from '@clerk-sync/ingest'
import { jobStates } from '@clerk-sync/queue'

const type = "one of Clerk's event types, or `unknown` for one that clerk-sync does not know yet"
const requestOutcomes = [...verifiedOutcomes, ...unverifiedOutcomes]

/** What each label of each metric can be. */
export const labelTexts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  clerk_sync_build_info: {
    version: 'the release',
    app: oneOf(['ingest', 'worker', 'console']),
  },
  clerk_sync_ingest_requests_total: {
    type: `${type}, or \`unverified\` for a request whose signature was not right: nothing of it becomes a label`,
    outcome: oneOf(requestOutcomes),
  },
  clerk_sync_ingest_ack_seconds: { outcome: oneOf(requestOutcomes) },
  clerk_sync_queue_jobs: { state: oneOf(jobStates) },
  clerk_sync_worker_events_total: { type, outcome: oneOf(outcomes) },
  clerk_sync_worker_failures_total: { type, final: oneOf(['true', 'false']) },
  clerk_sync_worker_database_connections: { state: oneOf(['active', 'idle']) },
  clerk_sync_worker_rows_removed_total: { table: oneOf(['webhook_events', 'tombstones']) },
  clerk_sync_reconcile_drift_rows: {
    table: 'a table that Clerk has a list for, such as `users`',
    kind: oneOf(drifts),
  },
}

function oneOf(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(', ')
}
