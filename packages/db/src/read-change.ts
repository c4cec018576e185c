import { latestTime, minimise, readConcerned, readRow, wellFormed } from '@clerk-sync/events'
import type { ClerkObject, Entity } from '@clerk-sync/events'
import type { Change, LedgerEvent } from './change.ts'

/**
 * The change of what was read from Clerk's API. It is no event: its version has no time and no
 * svix-id, so that an event with the same updated_at wins. Undefined without an id.
 */
export function toReadChange(entity: Entity, item: ClerkObject): Change | undefined {
  const id = item['id']
  if (typeof id !== 'string' || id === '') return undefined
  const event = noEvent(entity, id, item)
  const row = readRow(entity, wellFormed(minimise(entity, item)))
  const updatedAt = updatedAtOf(item)
  if (row.ok && updatedAt !== undefined) {
    return { kind: 'upsert', event, entity, id, updatedAt, value: row.value }
  }
  const problem = row.ok ? 'data.updated_at is not a time in milliseconds' : row.problem
  return { kind: 'unreadable', event, entity, id, error: new Error(`${id}: ${problem}`) }
}

/** Clerk's updated_at in milliseconds. */
export function updatedAtOf(item: ClerkObject): number | undefined {
  const updatedAt = item['updated_at']
  const isTime = typeof updatedAt === 'number' && updatedAt >= 0 && updatedAt <= latestTime
  return isTime ? Math.trunc(updatedAt) : undefined
}

function noEvent(entity: Entity, id: string, item: ClerkObject): LedgerEvent {
  const concerned = readConcerned(entity.concerns, item)
  return {
    id: '',
    type: 'read',
    entityId: id,
    userId: concerned.user,
    organizationId: concerned.organization,
    clientIp: undefined,
    userAgent: undefined,
    occurredAt: 0,
    receivedAt: 0,
    isRecorded: false,
  }
}
