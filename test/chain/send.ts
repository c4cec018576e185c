import { randomBytes } from 'node:crypto'
import { parseSigningSecrets, sign } from '@clerk-sync/events'

/** How a delivery differs from a good one. */
export interface Delivery {
  svixId?: string
  secret?: string
  timestamp?: number
  headers?: Record<string, string | undefined>
  /** Ends the request. */
  signal?: AbortSignal
}

export interface SentEvent {
  svixId: string
  status: number
  body: unknown
  retryAfter: string | null
}

function createSvixId(): string {
  return `msg_${randomBytes(15).toString('hex')}`
}

/** Posts an event as Svix does. A string is sent as the body that it is. */
export async function send(
  url: string,
  ownSecret: string,
  event: unknown,
  {
    svixId = createSvixId(),
    secret = ownSecret,
    timestamp = Date.now() / 1000,
    headers = {},
    signal,
  }: Delivery = {},
): Promise<SentEvent> {
  const body = typeof event === 'string' ? event : JSON.stringify(event)
  const [key] = parseSigningSecrets(secret)
  if (!key) throw new Error('no secret')
  const seconds = Math.floor(timestamp)
  const all: Record<string, string | undefined> = {
    'content-type': 'application/json',
    'svix-id': svixId,
    'svix-timestamp': String(seconds),
    'svix-signature': sign(key, { id: svixId, timestamp: seconds, body }),
    ...headers,
  }
  const given = Object.entries(all).filter(
    (header): header is [string, string] => header[1] !== undefined,
  )
  const ending = signal ? { signal } : {}
  const response = await fetch(url, { method: 'POST', headers: given, body, ...ending })
  const text = await response.text()
  return {
    svixId,
    status: response.status,
    body: JSON.parse(text),
    retryAfter: response.headers.get('retry-after'),
  }
}
