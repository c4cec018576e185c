import { createHmac, timingSafeEqual } from 'node:crypto'
import type { SigningSecret } from './signing-secret.ts'

/** The values of `svix-id`, `svix-timestamp` and `svix-signature`, as they arrived. */
export interface SignatureHeaders {
  id: string | undefined
  timestamp: string | undefined
  signature: string | undefined
}

export interface SignedRequest {
  headers: SignatureHeaders
  /** The bytes that arrived, before anything parsed them. */
  body: Buffer
  /** Milliseconds since the epoch. Default: the system clock. */
  now?: number
}

/** What the headers of a request claim. `timestamp` is in seconds since the epoch. */
export interface SignatureClaim {
  readonly id: string
  readonly timestamp: number
  readonly signatures: readonly Buffer[]
}

/** Why no body can match these headers. `ageSeconds` is negative for a timestamp in the future. */
export type HeadersRefused =
  | { ok: false; reason: 'missing_header' | 'malformed_timestamp' | 'no_match' }
  | { ok: false; reason: 'too_old' | 'too_new'; ageSeconds: number }

/** Of a verified request, its id and its timestamp, in seconds since the epoch. */
export type SignatureVerdict = { ok: true; id: string; timestamp: number } | HeadersRefused

const version = 'v1'
const toleranceSeconds = 5 * 60
// A SHA-256 in base64.
const signatureBytes = 44

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
  const claim = readSignatureHeaders(headers, now)
  if (!claim.ok) return claim
  const { id, timestamp } = claim
  return isSigned(secrets, claim, body)
    ? { ok: true, id, timestamp }
    : { ok: false, reason: 'no_match' }
}

/** Reads what is known before the body: `now` is in milliseconds since the epoch. */
export function readSignatureHeaders(
  headers: SignatureHeaders,
  now: number,
): ({ ok: true } & SignatureClaim) | HeadersRefused {
  const id = headers.id?.trim()
  const timestampText = headers.timestamp?.trim()
  const signatureText = headers.signature?.trim()
  if (!id || !timestampText || !signatureText) return { ok: false, reason: 'missing_header' }

  // The reference libraries read `12abc` as 12 and sign the number they read, not the text.
  const timestamp = Number.parseInt(timestampText, 10)
  if (Number.isNaN(timestamp)) return { ok: false, reason: 'malformed_timestamp' }
  const ageSeconds = Math.floor(now / 1000) - timestamp
  if (ageSeconds > toleranceSeconds) return { ok: false, reason: 'too_old', ageSeconds }
  if (ageSeconds < -toleranceSeconds) return { ok: false, reason: 'too_new', ageSeconds }

  const signatures = readSignatures(signatureText)
  if (signatures.length === 0) return { ok: false, reason: 'no_match' }
  return { ok: true, id, timestamp, signatures }
}

/** Whether one of the secrets signed exactly these bytes with this id and timestamp. */
export function isSigned(
  secrets: readonly SigningSecret[],
  { id, timestamp, signatures }: SignatureClaim,
  body: Buffer,
): boolean {
  return secrets.some((secret) => {
    const expected = Buffer.from(hmac(secret, { id, timestamp, body }))
    return signatures.some((signature) => timingSafeEqual(signature, expected))
  })
}

// The base64 text is compared, not its bytes: another spelling of the same bytes is refused.
function readSignatures(header: string): Buffer[] {
  return header
    .split(' ')
    .map((entry) => entry.split(','))
    .filter(([entryVersion]) => entryVersion === version)
    .map(([, signature = '']) => Buffer.from(signature))
    .filter(({ length }) => length === signatureBytes)
}

function hmac(
  secret: SigningSecret,
  { id, timestamp, body }: { id: string; timestamp: number; body: Buffer | string },
): string {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest('base64')
}
