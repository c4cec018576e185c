import { randomBytes } from 'node:crypto'
import { buildSample } from '@clerk-sync/events/samples'
import { droppedHeader, parseSigningSecrets, sign } from '@clerk-sync/events'
import type { Dropped, EventType } from '@clerk-sync/events'

const answerTimeoutMs = 15_000

export interface Answer {
  svixId: string
  entityId: string | undefined
  status: number
  body: string
  /** Why ingest has acknowledged the event and keeps nothing of it. */
  dropped: Dropped | undefined
  /** From sending the request to the end of the answer. */
  answerMs: number
  /** When the request was sent, as `performance.now()` tells it. */
  sentAt: number
}

/** Sends one sample event as Svix would, signed with `secret`. */
export async function deliver(options: {
  url: string
  secret: string
  type: EventType
  id: string | undefined
  patch: unknown
  /** The Clerk instance that the event names; ingest drops events of another instance. */
  instanceId: string | undefined
}): Promise<Answer> {
  const sample = buildSample(options.type, options.id === undefined ? {} : { id: options.id })
  if (options.instanceId !== undefined) sample.instance_id = options.instanceId
  const event = options.patch === undefined ? sample : mergePatch(sample, { data: options.patch })
  const body = JSON.stringify(event)
  const svixId = `msg_${randomBytes(20).toString('hex')}`
  const timestamp = Math.floor(Date.now() / 1000)
  const [secret] = parseSigningSecrets(options.secret)
  if (!secret) throw new Error('no signing secret')

  const sentAt = performance.now()
  const response = await fetch(options.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'clerk-sync-trigger',
      'svix-id': svixId,
      'svix-timestamp': String(timestamp),
      'svix-signature': sign(secret, { id: svixId, timestamp, body }),
    },
    body,
    signal: AbortSignal.timeout(answerTimeoutMs),
  })
  const text = await response.text()
  const answerMs = performance.now() - sentAt
  const id = (event as { data?: { id?: unknown } }).data?.id
  const entityId = typeof id === 'string' ? id : undefined
  const { status, headers } = response
  const dropped = (headers.get(droppedHeader) ?? undefined) as Dropped | undefined
  return { svixId, entityId, status, body: text, dropped, answerMs, sentAt }
}

interface Json {
  [key: string]: unknown
}

/** Applies a JSON merge patch (RFC 7396): null removes a key, objects merge, anything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, mergePatch(merged.get(key), value))
  }
  // fromEntries defines own properties, so a key named __proto__ stays a key.
  return Object.fromEntries(merged)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
