import type { Refusal } from './admission.ts'

/** The outcomes of a request with a verified event. */
export const verifiedOutcomes = [
  'accepted',
  'other_instance',
  'left_out',
  'queue_unavailable',
] as const

/** The outcomes of all other requests. */
export const unverifiedOutcomes = [
  'invalid_signature',
  'invalid_event',
  'invalid_request',
  'too_large',
  'overloaded',
  'internal_error',
] as const

export type RequestOutcome = (typeof verifiedOutcomes | typeof unverifiedOutcomes)[number]

/** The body of an answer. It says no more than that to the sender. */
export type AnswerBody = { readonly received: true } | { readonly error: string }

const retryAfterSeconds = '30'
const noHeaders = {}

/** The header of a 200 that says why nothing of a signed event is kept. */
export const droppedHeader = 'clerk-sync-dropped'

/** Why nothing of an event is kept. */
export type Dropped = 'left_out' | 'other_instance'

/** The headers that belong to an answer. */
export function headersOf(answer: {
  readonly status: number
  readonly outcome?: RequestOutcome
}): Record<string, string> {
  const { status, outcome } = answer
  if (status === 503) return { 'retry-after': retryAfterSeconds }
  const isDropped = outcome === 'left_out' || outcome === 'other_instance'
  return isDropped ? { [droppedHeader]: outcome } : noHeaders
}

/** What a delivery is answered. */
export interface Answer {
  readonly status: number
  readonly body: AnswerBody
  readonly outcome: RequestOutcome
  /** What is known of a verified event. */
  readonly event?: { svixId: string; type: string; entityId?: string | undefined }
  /** Whether the connection is closed, because the rest of the request is not read. */
  readonly closes?: boolean
}

/** The answer to a delivery that is refused before its signature is found to be right. */
export function answerToRefusal(reason: Refusal['reason']): Answer {
  switch (reason) {
    case 'body_too_large':
      return { status: 413, body: { error: reason }, outcome: 'too_large' }
    case 'body_memory':
    case 'connections':
    case 'requests_waiting':
      return { status: 503, body: { error: 'overloaded' }, outcome: 'overloaded' }
    case 'hung_up':
      return { status: 400, body: { error: 'invalid_request' }, outcome: 'invalid_request' }
    case 'doctor':
    case 'missing_header':
    case 'malformed_timestamp':
    case 'too_old':
    case 'too_new':
    case 'no_match':
    default:
      return { status: 400, body: { error: 'invalid_signature' }, outcome: 'invalid_signature' }
  }
}

/** The answer to a request that failed with this status. */
export function answerToError(statusCode: number): Answer {
  return statusCode < 500
    ? { status: statusCode, body: { error: 'invalid_request' }, outcome: 'invalid_request' }
    : { status: 500, body: { error: 'internal_error' }, outcome: 'internal_error' }
}

/** The answer to a verified body that can't be an event. */
export const invalidEvent: Answer = {
  status: 400,
  body: { error: 'invalid_event' },
  outcome: 'invalid_event',
}
