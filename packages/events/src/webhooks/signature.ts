import { createHmac, timingSafeEqual } from 'node:crypto'
import type { SigningSecret } from './signing-secret.ts'

export interface SignedRequest {
  /** The values of `svix-id`, `svix-timestamp` and `svix-signature`, as they arrived. */
  headers: {
    id: string | undefined
    timestamp: string | undefined
    signature: string | undefined
  }
  /** The bytes that arrived, before anything parsed them. */
  body: Buffer
  /** Milliseconds since the epoch. Default: the system clock. */
  now?: number
}

/** Of a verified request, its id and its timestamp, in seconds since the epoch. */
export type SignatureVerdict =
  | { ok: true; id: string; timestamp: number }
  | {
      ok: false
      reason: 'missing_header' | 'malformed_timestamp' | 'too_old' | 'too_new' | 'no_match'
    }

const version = 'v1'
const toleranceSeconds = 5 * 60

/**
 * Signs a message as Svix does: one `v1,<base64>` entry of a `svix-signature` header. `timestamp`
 * is in whole seconds since the epoch.
 *
 * @see https://docs.svix.com/receiving/verifying-payloads/how-manual
 */
export function sign(
  secret: SigningSecret,
  message: { id: string; timestamp: number; body: Buffer | string },
): string {
  return `${version},${hmac(secret, message)}`
}

/**
 * Checks that one of the secrets signed exactly these bytes, within five minutes of now. It never
 * throws. Its verdict is that of `verifyWebhook` of @clerk/backend and of `Webhook.verify` of svix,
 * except for bodies that are not plain UTF-8 (docs/adr/0001-verify-raw-bytes.md).
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function verifySignature(
  secrets: readonly SigningSecret[],
  { headers, body, now = Date.now() }: SignedRequest,
): SignatureVerdict {
  const id = headers.id?.trim()
  const timestampText = headers.timestamp?.trim()
  const signatures = headers.signature?.trim()
  if (!id || !timestampText || !signatures) return { ok: false, reason: 'missing_header' }

  // The reference libraries read `12abc` as 12 and sign the number they read, not the text.
  const timestamp = Number.parseInt(timestampText, 10)
  if (Number.isNaN(timestamp)) return { ok: false, reason: 'malformed_timestamp' }
  const age = Math.floor(now / 1000) - timestamp
  if (age > toleranceSeconds) return { ok: false, reason: 'too_old' }
  if (age < -toleranceSeconds) return { ok: false, reason: 'too_new' }

  const candidates = readSignatures(signatures)
  const matches = secrets.some((secret) => {
    const expected = Buffer.from(hmac(secret, { id, timestamp, body }))
    return candidates.some(
      (candidate) => candidate.length === expected.length && timingSafeEqual(candidate, expected),
    )
  })
  return matches ? { ok: true, id, timestamp } : { ok: false, reason: 'no_match' }
}

// The base64 text is compared, not its bytes: another spelling of the same bytes is refused.
function readSignatures(header: string): Buffer[] {
  return header
    .split(' ')
    .map((entry) => entry.split(','))
    .filter(([entryVersion]) => entryVersion === version)
    .map(([, signature = '']) => Buffer.from(signature))
}

function hmac(
  secret: SigningSecret,
  { id, timestamp, body }: { id: string; timestamp: number; body: Buffer | string },
): string {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest('base64')
}
