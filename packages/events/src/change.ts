import { readConcerned } from './entities/column.ts'
import type { Concerned } from './entities/column.ts'
import { latestTime, toTime } from './entities/column-types.ts'
import { longestId } from './entities/entity.ts'
import type { ClerkObject, Entity } from './entities/entity.ts'
import type { Kept } from './entities/kept.ts'
import { user as userEntity } from './entities/user.ts'
import { wellFormed } from '@clerk-sync/ops'
import { readRow } from './read-row.ts'
import type { EntityRow, RowReading } from './read-row.ts'
import { minimise, parseEventJob } from './webhooks/event-job.ts'
import type { EventJob } from './webhooks/event-job.ts'

/** An event as the ledger keeps it. Times are milliseconds. */
export interface LedgerEvent {
  /** The svix-id. */
  readonly id: string
  readonly type: string
  readonly entityId: string | undefined
  /** The user and the organization that the event concerns. */
  readonly userId: string | undefined
  readonly organizationId: string | undefined
  /** Of the request that caused the event; never written for a deleted user. */
  readonly clientIp: string | undefined
  readonly userAgent: string | undefined
  readonly occurredAt: number
  readonly receivedAt: number
}

/** One entity, and where the change of it comes from. */
interface AboutEntity {
  readonly entity: Entity
  readonly id: string
  /** The user and the organization that it concerns; owners among them. */
  readonly concerned: Concerned
  /** The event that tells of the change; undefined for what was read from Clerk's API. */
  readonly event: LedgerEvent | undefined
}

/** Writes a row. */
export interface Upsert extends AboutEntity {
  readonly kind: 'upsert'
  /** Clerk's updated_at in milliseconds, the first part of the version. */
  readonly updatedAt: number
  readonly value: EntityRow
  /** The paths in Clerk's object that can't be read. Never a value. */
  readonly unreadable: readonly string[]
  /**
   * For what was read from Clerk's API to refill rows: a time in milliseconds, all of whose changes
   * are in it. It is the second part of the version then, as if an event had told of it.
   */
  readonly readAt?: number
}

/** Deletes a row, for good. */
export interface Delete extends AboutEntity {
  readonly kind: 'delete'
  /** In milliseconds. */
  readonly deletedAt: number
}

/** No row can be made of it: stale where the entity is deleted, refused with `error` elsewhere. */
export interface Unreadable extends AboutEntity {
  readonly kind: 'unreadable'
  readonly error: Error
}

/** An event for the ledger alone. */
export interface Recorded {
  readonly kind: 'none'
  readonly event: LedgerEvent
}

/** What an event, or a reading of Clerk's API, does to one entity. */
export type EntityChange = Upsert | Delete | Unreadable
export type Change = EntityChange | Recorded

/** A change that an event tells of. */
export type EventChange = Change & { readonly event: LedgerEvent }

/** The event can never be applied. The message names fields, never values. */
export class InvalidEventError extends Error {
  readonly code = 'ERR_INVALID_EVENT'
  override readonly name = 'InvalidEventError'
}

/**
 * The change of an event, from the data of its job.
 *
 * @throws {InvalidEventError} when it can never be applied.
 */
export function changeFromEvent(kept: Kept, jobData: unknown): EventChange {
  const job = parseEventJob(jobData)
  if (!job) throw new InvalidEventError('the job does not hold an event')
  const event = toLedgerEvent(job)
  const effect = kept.effectOf(job.type)
  // What ingest keeps and this worker leaves out is for the ledger alone.
  if (effect.action === 'record' || effect.action === 'leave') return { kind: 'none', event }

  const { entity, action } = effect
  const { entityId: id, occurredAt } = job
  if (id === undefined) {
    throw new InvalidEventError(`${job.type} has no data.id: nothing to apply it to`)
  }
  if (id.length > longestId) {
    throw new InvalidEventError(`${job.type} has a data.id of more than ${longestId} characters`)
  }
  const about = { entity, id, concerned: concernedBy(event), event }
  if (action === 'delete') return { kind: 'delete', ...about, deletedAt: occurredAt }
  const data = job.data ?? {}
  // Without an updated_at that can be read the event's own time stands in.
  const updatedAt = updatedAtOf(data) ?? occurredAt
  const { receivedAt } = job
  const now = isFarFuture(occurredAt, receivedAt) ? receivedAt : occurredAt
  const reading = withFutureNamed(readRow(entity, data), updatedAt, now)
  return { kind: 'upsert', ...about, updatedAt, ...reading }
}

/**
 * What an event that can never be applied still tells: which user it concerns. Undefined when it names
 * none. `error` is why it can't be applied.
 */
export function changeOfUser(jobData: unknown, error: InvalidEventError): Unreadable | undefined {
  const job = parseEventJob(jobData)
  if (job?.userId === undefined) return undefined
  // ingest makes no job with a time that the ledger can't hold.
  const event = job.occurredAt > latestTime ? undefined : toLedgerEvent(job)
  const { userId: id } = job
  return { kind: 'unreadable', entity: userEntity, id, concerned: { user: id }, event, error }
}

/**
 * The change of an object that Clerk's API lists. It has no event, so that an event with the same
 * updated_at wins. Undefined without an id.
 */
export function changeFromApi(
  entity: Entity,
  object: ClerkObject,
): Upsert | Unreadable | undefined {
  const id = object['id']
  if (typeof id !== 'string' || id === '') return undefined
  const about = { entity, id, concerned: readConcerned(entity.concerns, object), event: undefined }
  const updatedAt = updatedAtOf(object)
  if (id.length > longestId || updatedAt === undefined) {
    const field =
      updatedAt === undefined ? 'updated_at is not a time in milliseconds' : 'id is too long'
    const error = new InvalidEventError(`${id.slice(0, longestId)}: data.${field}`)
    return { kind: 'unreadable', ...about, error }
  }
  const read = readRow(entity, wellFormed(minimise(entity, object)))
  return { kind: 'upsert', ...about, updatedAt, ...withFutureNamed(read, updatedAt, Date.now()) }
}

/** The change of a row that Clerk's API no longer has: deleted now, as far as anybody knows. */
export function deletionFromApi(entity: Entity, id: string): Delete {
  const concerned = readConcerned(entity.concerns, { id })
  return { kind: 'delete', entity, id, concerned, event: undefined, deletedAt: Date.now() }
}

// No clock is so far ahead.
const dayMs = 24 * 60 * 60_000

/** Whether a time is more than a day after `now`, both in milliseconds. */
export function isFarFuture(time: number, now: number): boolean {
  return time > now + dayMs
}

// packages/db does not take such an updated_at as it is, so it is reported like one that can't be read.
function withFutureNamed(reading: RowReading, updatedAt: number, now: number): RowReading {
  return isFarFuture(updatedAt, now)
    ? { ...reading, unreadable: [...reading.unreadable, 'updated_at'] }
    : reading
}

/** Clerk's updated_at in milliseconds; undefined where there is no time that can be kept. */
export function updatedAtOf(object: ClerkObject): number | undefined {
  return toTime(object['updated_at']) ?? undefined
}

function toLedgerEvent(job: EventJob): LedgerEvent {
  const { svixId, type, userId, organizationId, clientIp, userAgent, occurredAt, receivedAt } = job
  const entityId = job.entityId?.slice(0, longestId)
  if (occurredAt > latestTime) throw new InvalidEventError(`${type} has a time after the year 9999`)
  return {
    id: svixId,
    type,
    entityId,
    userId,
    organizationId,
    clientIp,
    userAgent,
    occurredAt,
    receivedAt,
  }
}

function concernedBy({ userId, organizationId }: LedgerEvent): Concerned {
  return {
    ...(userId === undefined ? {} : { user: userId }),
    ...(organizationId === undefined ? {} : { organization: organizationId }),
  }
}
