import { loginRefusals } from '@clerk-sync/console'
import { outcomes } from '@clerk-sync/db'
import type { Outcome } from '@clerk-sync/db'
import { refusalReasons, unverifiedOutcomes, verifiedOutcomes } from '@clerk-sync/events'
import type { RequestOutcome } from '@clerk-sync/events'
import { jobStates } from '@clerk-sync/queue'
import { drifts } from '@clerk-sync/sync'

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
  clerk_sync_console_logins_refused_total: { reason: oneOf(loginRefusals) },
  clerk_sync_ingest_refusals_total: { reason: oneOf(refusalReasons) },
  clerk_sync_queue_jobs: { state: oneOf(jobStates) },
  clerk_sync_worker_events_total: { type, outcome: oneOf(outcomes) },
  clerk_sync_worker_failures_total: { type, final: oneOf(['true', 'false']) },
  clerk_sync_worker_unreadable_fields_total: {
    entity: 'what Clerk reported, such as `user`',
    field: 'the path in its JSON, such as `created_at` or `email_addresses[]`',
  },
  clerk_sync_worker_database_connections: { state: oneOf(['active', 'idle']) },
  clerk_sync_worker_rows_removed_total: { table: oneOf(['webhook_events', 'tombstones']) },
  clerk_sync_reconcile_drift_rows: {
    table: 'a table that Clerk has a list for, such as `users`',
    kind: oneOf(drifts),
  },
  clerk_sync_reconcile_incomplete: { table: 'a table that Clerk has a list for, such as `users`' },
}

function oneOf(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(', ')
}

/** What ingest answers, and what it means. */
export const requestOutcomeTexts: Readonly<
  Record<RequestOutcome, readonly [status: string, meaning: string]>
> = {
  accepted: ['200', 'the queue has it for good'],
  other_instance: ['200', 'it is of another Clerk instance than `CLERK_INSTANCE_ID`, and dropped'],
  left_out: ['200', 'it tells of what `SYNC_ENTITIES` leaves out, and is dropped'],
  queue_unavailable: ['503', 'the queue did not take it in time; Svix sends it again'],
  invalid_signature: ['400', 'no secret fits, or it is older or newer than five minutes'],
  invalid_event: ['400', 'the signature was right, but it is no event'],
  invalid_request: ['4xx', 'it is no request that can be read'],
  too_large: ['413', 'it is larger than 512 KiB'],
  overloaded: ['503', 'ingest is at one of its limits; Svix sends it again'],
  internal_error: ['500', 'a fault of clerk-sync; its log has the error'],
}

/** What became of an event that was processed. */
export const outcomeTexts: Readonly<Record<Outcome, string>> = {
  applied: 'its row was written, with `anonymize` and `retain` also one that is deleted',
  stale: 'something newer was known already, or its entity was deleted before it arrived',
  duplicate: 'the ledger has it already',
  deleted: 'it deleted its entity',
  ignored: 'it is for the ledger alone',
}
