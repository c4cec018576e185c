import { effectOf, minimise } from '@clerk-sync/entities'
import { z } from 'zod'
import type { Envelope } from './envelope.ts'
import { wellFormed } from './well-formed.ts'

/** The event as the queue keeps it: nothing in it that the tables don't. Times are milliseconds. */
export interface EventJob {
  svixId: string
  type: string
  occurredAt: number
  receivedAt: number
  /** Absent when the event named no entity. */
  entityId?: string | undefined
  /** Clerk's object with the kept fields only; absent when no row is made of it. */
  data?: { [field: string]: unknown } | undefined
}

/** One delivery: `svixTimestamp` is the second of this attempt, `receivedAt` its arrival in ms. */
export interface Delivery {
  svixId: string
  svixTimestamp: number
  receivedAt: number
}

const jobSchema = z.object({
  svixId: z.string().min(1),
  type: z.string().min(1),
  occurredAt: z.int().min(0),
  receivedAt: z.int().min(0),
  entityId: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
})

/** The job of a verified event. An envelope without a time occurred when its first delivery was sent. */
export function buildEventJob(envelope: Envelope, delivery: Delivery): EventJob {
  const { svixId, svixTimestamp, receivedAt } = delivery
  const effect = effectOf(envelope.type)
  const id = envelope.data['id']
  return wellFormed({
    svixId,
    type: envelope.type,
    occurredAt: envelope.timestamp ?? svixTimestamp * 1000,
    receivedAt,
    ...(typeof id === 'string' && id !== '' ? { entityId: id } : {}),
    ...(effect?.action === 'upsert' ? { data: minimise(effect.entity, envelope.data) } : {}),
  })
}

/** The job in `job.data`, or undefined when something else was put into the queue. */
export function parseEventJob(data: unknown): EventJob | undefined {
  const parsed = jobSchema.safeParse(data)
  return parsed.success ? parsed.data : undefined
}
