import { readSignatureHeaders } from '@clerk-sync/events'
import type { HeadersRefused, SignatureClaim } from '@clerk-sync/events'
import type { IncomingHttpHeaders } from 'node:http'
import { bodyLimitBytes } from './read-body.ts'
import type { BodyRefusedError } from './read-body.ts'

/** The state of ingest when the headers of a delivery have arrived. `now` is in milliseconds. */
export interface Load {
  readonly now: number
  readonly isConnectionBeyondLimit: boolean
  readonly areTooManyWaiting: boolean
}

export type Refusal =
  | HeadersRefused
  | { ok: false; reason: BodyRefusedError['reason'] | 'connections' | 'requests_waiting' }

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
  return readSignatureHeaders({ id, timestamp, signature }, now)
}

export function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
