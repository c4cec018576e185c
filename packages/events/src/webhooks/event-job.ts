import { minimise } from '../entities/minimise.ts'
import { readConcerned } from '../entities/concerned.ts'
import { wellFormed } from '../entities/well-formed.ts'
import type { Effect, Kept } from '../entities/kept.ts'
import { z } from 'zod'
import type { Envelope } from './envelope.ts'

/** The event as the queue keeps it: nothing in it that the tables don't. Times are milliseconds. */
export interface EventJob {
  svixId: string
  type: string
  occurredAt: number
  receivedAt: number
  /** Absent when the event named no entity. */
  entityId?: string | undefined
  /** The user whom the event concerns. */
  userId?: string | undefined
  /** The organization that the event concerns. */
  organizationId?: string | undefined
  /** Where the user's own request came from; only where it is kept. */
  clientIp?: string | undefined
  userAgent?: string | undefined
  /** Clerk's object with the kept fields only; absent when no row is made of it. */
  data?: { [field: string]: unknown } | undefined
}

/** One delivery: `svixTimestamp` is the second of this attempt, `receivedAt` its arrival in ms. */
export interface Delivery {
  svixId: string
  svixTimestamp: number
  receivedAt: number
}

// A longer id is not Clerk's, and PostgreSQL could not index it.
const longestId = 255
// A user agent has no bound of its own, and the ledger keeps one per event.
const longestRequestField = 512

const concernedId = z.string().min(1).max(longestId).optional()
const requestField = z.string().min(1).max(longestRequestField).optional()

const jobSchema = z.object({
  svixId: z.string().min(1),
  type: z.string().min(1),
  occurredAt: z.int().min(0),
  receivedAt: z.int().min(0),
  entityId: z.string().optional(),
  userId: concernedId,
  organizationId: concernedId,
  clientIp: requestField,
  userAgent: requestField,
  data: z.record(z.string(), z.unknown()).optional(),
})

/**
 * The job of a verified event, or undefined when its entity is left out. An envelope without a time
 * occurred when its first delivery was sent.
 */
export function buildEventJob(
  kept: Kept,
  envelope: Envelope,
  { svixId, svixTimestamp, receivedAt }: Delivery,
): EventJob | undefined {
  const { type, data, timestamp } = envelope
  const effect = kept.effectOf(type)
  if (effect.action === 'leave') return undefined
  return wellFormed({
    svixId,
    type,
    occurredAt: timestamp ?? svixTimestamp * 1000,
    receivedAt,
    ...present({
      entityId: textOf(data['id']),
      ...concernedBy(effect, data),
      ...requestOf(kept, effect, envelope),
      data: effect.action === 'upsert' ? minimise(effect.entity, data) : undefined,
    }),
  })
}

/** The job in `job.data`, or undefined when something else was put into the queue. */
export function parseEventJob(data: unknown): EventJob | undefined {
  const parsed = jobSchema.safeParse(data)
  return parsed.success ? parsed.data : undefined
}

type Recorded = Exclude<Effect, { action: 'leave' }>

function concernedBy(effect: Recorded, data: Envelope['data']) {
  const concerns = effect.action === 'record' ? effect.concerns : effect.entity.concerns
  const { user, organization } = readConcerned(concerns, data)
  return { userId: boundedId(user), organizationId: boundedId(organization) }
}

function requestOf(kept: Kept, effect: Recorded, { event_attributes }: Envelope) {
  if (effect.action === 'record' || !effect.entity.requestedByUser) return {}
  const request = event_attributes?.http_request
  const { client_ip, user_agent } = kept.requestFields
  return {
    clientIp: client_ip ? cut(request?.client_ip) : undefined,
    userAgent: user_agent ? cut(request?.user_agent) : undefined,
  }
}

const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

const boundedId = (id: string | undefined) => (id && id.length <= longestId ? id : undefined)

const cut = (text: string | undefined) => text?.slice(0, longestRequestField) || undefined

function present<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}
