import type { Upsert } from './change.ts'

/** Where a change stands in the order of its entity's changes. Times are milliseconds. */
export interface Version {
  readonly updatedAt: number
  readonly occurredAt: number
  readonly eventId: string
}

export function versionOf(change: Upsert): Version {
  const { updatedAt, event } = change
  return { updatedAt, occurredAt: event.occurredAt, eventId: event.id }
}

/** The order of versions, the same as the SQL row comparison of the guarded write. */
export function isNewer(version: Version, than: Version): boolean {
  if (version.updatedAt !== than.updatedAt) return version.updatedAt > than.updatedAt
  if (version.occurredAt !== than.occurredAt) return version.occurredAt > than.occurredAt
  return version.eventId > than.eventId
}
