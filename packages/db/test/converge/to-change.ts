import type { Change } from '@clerk-sync/events'
import { nothing, remove, upsert } from '../build-change.ts'
import { clientIpOf } from './model/ledger.ts'
import type { HistoryEvent } from './world/world.ts'

/** What an event of a history does to the tables, read as the worker reads it. */
export function toChange(given: HistoryEvent): Change {
  const { type, id, svixId, occurredAt, updatedAt } = given
  const data: Record<string, unknown> = { ...given.data }
  const clientIp = clientIpOf(given)
  const about = { type, svixId, occurredAt, data, ...(clientIp ? { clientIp } : {}) }
  if (type.endsWith('.deleted')) return remove(id, about)
  if (type !== 'email.created') {
    return upsert(id, { ...about, ...(updatedAt === undefined ? {} : { updatedAt }) })
  }
  const { event } = nothing(about)
  return { kind: 'none', event: { ...event, entityId: id, userId: String(data['user_id']) } }
}
