import { randomUUID } from 'node:crypto'
import { everything, readConcerned, readRow, selectKept } from '@clerk-sync/events'
import type {
  ClerkObject,
  Delete,
  Entity,
  LedgerEvent,
  Recorded,
  Unreadable,
  Upsert,
} from '@clerk-sync/events'

import type { Write } from '../src/decide.ts'
import { versionOf } from '../src/version.ts'

/** What a test says of an event; the rest is made up. Times are milliseconds. */
export interface Given {
  type?: string
  svixId?: string
  occurredAt?: number
  /** Stands in data.updated_at; the time of the event where absent. */
  updatedAt?: number
  data?: ClerkObject
  clientIp?: string
}

/** A change that comes from an event. */
type FromEvent<C> = C & { readonly event: LedgerEvent }

/** Noon of a day long enough ago that no clock is ahead of it. */
export const noon = Date.UTC(2026, 0, 1, 12)

const kept = selectKept(everything)

function entityOf(type: string): Entity {
  const effect = kept.effectOf(type)
  if (!('entity' in effect)) throw new Error(`${type} touches no table`)
  return effect.entity
}

/** The change of an event that writes one entity, read from Clerk's object as the worker does. */
export function upsert(id: string, given: Given = {}): FromEvent<Upsert> {
  const type = given.type ?? 'user.updated'
  const entity = entityOf(type)
  const reading = readRow(entity, { ...given.data, id })
  const { concerned, event } = aboutEntity(entity, type, id, given)
  const updatedAt = given.updatedAt ?? event.occurredAt
  return { kind: 'upsert', event, entity, id, concerned, updatedAt, ...reading }
}

/** An upsert as it is written where the tables have nothing of its entity. */
export function asNewRow(change: Upsert): Write {
  return {
    ...change,
    version: versionOf(change),
    deletedAt: null,
    before: undefined,
    childrenBefore: {},
    changed: undefined,
  }
}

/** The change of an event that deletes one entity. */
export function remove(id: string, given: Given = {}): FromEvent<Delete> {
  const type = given.type ?? 'user.deleted'
  const entity = entityOf(type)
  const { concerned, event } = aboutEntity(entity, type, id, given)
  return { kind: 'delete', event, entity, id, concerned, deletedAt: event.occurredAt }
}

/** The change of an event of which no row can be made. */
export function unreadable(id: string, given: Given = {}): FromEvent<Unreadable> {
  const { entity, event, concerned } = upsert(id, given)
  return { kind: 'unreadable', event, entity, id, concerned, error: new Error("it can't be read") }
}

function aboutEntity(entity: Entity, type: string, id: string, given: Given) {
  const concerned = readConcerned(entity.concerns, { ...given.data, id })
  const { user, organization } = concerned
  const event = { ...ledgerEvent(type, id, given), userId: user, organizationId: organization }
  return { concerned, event }
}

/** The change of an event that touches no table. */
export function nothing(given: Given = {}): Recorded {
  return { kind: 'none', event: ledgerEvent('email.created', undefined, given) }
}

/** An id that no other test has. */
export function freshId(prefix = 'user'): string {
  return `${prefix}_${randomUUID()}`
}

function ledgerEvent(type: string, entityId: string | undefined, given: Given): LedgerEvent {
  const { svixId = freshId('msg'), occurredAt = given.updatedAt ?? noon } = given
  return {
    id: svixId,
    type,
    entityId,
    userId: undefined,
    organizationId: undefined,
    clientIp: given.clientIp,
    userAgent: undefined,
    occurredAt,
    receivedAt: occurredAt + 200,
  }
}
