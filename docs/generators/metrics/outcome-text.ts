import type { Outcome } from '@clerk-sync/db'
import type { RequestOutcome } from '@clerk-sync/ingest'

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
  too_large: ['413', 'it is larger than 1 MiB'],
  internal_error: ['500', 'a fault of clerk-sync; its log has the error'],
}

/** What became of an event that was processed. */
export const outcomeTexts: Readonly<Record<Outcome, string>> = {
  applied: 'its row was written',
  stale: 'something newer was known already',
  duplicate: 'the ledger has it already',
  deleted: 'what it tells of is gone: it deleted it, or came too late',
  ignored: 'it is for the ledger alone',
}
