import type { IncomingHttpHeaders } from 'node:http'
import { readSignatureHeaders } from './signature.ts'
import type { HeadersRefused, SignatureClaim } from './signature.ts'

/** The largest body that is read. Svix accepts messages of about 350 kB. */
export const bodyLimitBytes = 512 * 1024

/** How `clerk-sync doctor` names itself, when it looks whether a receiver answers. */
export const doctorUserAgent = 'clerk-sync-doctor'

/** Whoever receives, when the headers of a delivery have arrived. `now` is in milliseconds. */
export interface Load {
  readonly now: number
  readonly isConnectionBeyondLimit: boolean
  readonly areTooManyWaiting: boolean
}

/** Why a body is not read to its end. */
export type BodyRefused = 'body_too_large' | 'body_memory' | 'hung_up'

/** Why a delivery is refused before its signature is found to be right. */
export type Refusal =
  | HeadersRefused
  | { ok: false; reason: BodyRefused | 'connections' | 'requests_waiting' | 'doctor' }

/** Decides by the headers of a delivery whether its body is read. */
export function admit(
  headers: IncomingHttpHeaders,
  { now, isConnectionBeyondLimit, areTooManyWaiting }: Load,
): ({ ok: true } & SignatureClaim) | Refusal {
  if (isConnectionBeyondLimit) return { ok: false, reason: 'connections' }
  if (areTooManyWaiting) return { ok: false, reason: 'requests_waiting' }
  if (Number(headers['content-length']) > bodyLimitBytes) {
    return { ok: false, reason: 'body_too_large' }
  }
  const id = textOf(headers['svix-id'])
  const timestamp = textOf(headers['svix-timestamp'])
  const signature = textOf(headers['svix-signature'])
  const isSvix = id !== undefined || timestamp !== undefined || signature !== undefined
  if (!isSvix && headers['user-agent'] === doctorUserAgent) return { ok: false, reason: 'doctor' }
  return readSignatureHeaders({ id, timestamp, signature }, now)
}

/** A header that was sent once. */
export function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
