import type { IncomingHttpHeaders } from 'node:http'
import { createLogLimit } from '@clerk-sync/ops'
import type { PlainLogger } from '@clerk-sync/ops'
import { textOf } from './admission.ts'

/** Why a request was refused, or a connection closed. */
export const refusalReasons = [
  'doctor',
  'missing_header',
  'malformed_timestamp',
  'too_old',
  'too_new',
  'no_match',
  'no_event',
  'too_deep',
  'too_many_values',
  'cannot_enqueue',
  'body_too_large',
  'body_memory',
  'hung_up',
  'requests_waiting',
  'connections',
  'timeout',
  'malformed_http',
] as const

export type RefusalReason = (typeof refusalReasons)[number]

const everyMs = 60_000
// What a stranger may make the log say.
const svixId = /^msg_[A-Za-z0-9]{8,64}$/
const encodings = ['gzip', 'br', 'deflate', 'zstd', 'compress']

type Logged = Exclude<RefusalReason, 'no_event' | 'too_deep' | 'too_many_values' | 'cannot_enqueue'>

const texts: Readonly<Record<Logged, string>> = {
  doctor: 'clerk-sync doctor looked whether deliveries are answered here',
  missing_header:
    'delivery refused: it has not all of svix-id, svix-timestamp and svix-signature. A proxy has removed them, or it is not from Clerk',
  malformed_timestamp: 'delivery refused: svix-timestamp is no number. It is not from Clerk',
  too_old:
    "delivery refused: its svix-timestamp is older than five minutes. A proxy or gateway held it or sent it again, or this machine's clock is ahead",
  too_new:
    "delivery refused: its svix-timestamp is more than five minutes in the future. This machine's clock is behind, or it is not from Clerk",
  no_match:
    'delivery refused: no secret matches its signature. CLERK_WEBHOOK_SIGNING_SECRET is of another endpoint, or a proxy has changed the body: it must pass it on byte by byte, neither compressed nor formatted anew',
  body_too_large: 'delivery refused: its body is larger than 512 KiB. It is not from Clerk',
  body_memory:
    'delivery answered 503: the bodies of other requests use up MAX_BODY_MEMORY_BYTES. Svix sends it again',
  requests_waiting:
    'delivery answered 503: MAX_REQUESTS_WAITING are waiting, or a long line of them for more than a second. Svix sends it again. Is the queue slow, or ingest overloaded?',
  connections:
    'more than MAX_CONNECTIONS are open: deliveries are answered 503, and the connections that have waited longest are closed. Svix sends again',
  hung_up: 'delivery refused: the sender hung up before its body was complete. Svix sends it again',
  timeout: 'request refused: it did not arrive in time',
  malformed_http: 'request refused: it is no HTTP',
}
// Whoever looks for weak servers sends such requests, and no setting here would be wrong.
const quiet: ReadonlySet<string> = new Set(['doctor', 'hung_up', 'timeout', 'malformed_http'])

/** Of a refused delivery, what may help to find the cause. */
export interface RefusedDelivery {
  readonly headers: IncomingHttpHeaders
  readonly body?: Buffer | undefined
  readonly ageSeconds?: number | undefined
}

/**
 * Logs why requests are refused: of each reason the first at once, then at most one in a minute,
 * with the number of those left out. Nothing of a body is logged.
 */
export function createRefusalLog(
  logger: Pick<PlainLogger, 'info' | 'warn'>,
): (reason: Logged, delivery?: RefusedDelivery) => void {
  const next = createLogLimit(everyMs)
  return (reason, delivery) => {
    const leftOut = next(reason)
    if (leftOut === undefined) return
    const level = quiet.has(reason) ? 'info' : 'warn'
    const fields = { reason, ...factsOf(delivery), ...(leftOut > 0 && { leftOut }) }
    logger[level](fields, texts[reason])
  }
}

function factsOf(delivery: RefusedDelivery | undefined) {
  if (!delivery) return {}
  const { headers, body, ageSeconds } = delivery
  const id = textOf(headers['svix-id'])
  const encoding = encodingOf(headers, body)
  return {
    ...(id && svixId.test(id) ? { svixId: id } : {}),
    ...(ageSeconds === undefined ? {} : { ageSeconds }),
    ...(encoding === undefined ? {} : { contentEncoding: encoding }),
  }
}

// A proxy that compresses does not always say so.
function encodingOf(headers: IncomingHttpHeaders, body: Buffer | undefined): string | undefined {
  const named = textOf(headers['content-encoding'])?.trim().toLowerCase()
  if (named && named !== 'identity') return encodings.includes(named) ? named : 'unknown'
  return body?.[0] === 0x1f && body[1] === 0x8b ? 'gzip' : undefined
}
