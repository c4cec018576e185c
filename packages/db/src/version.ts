import type { Upsert } from '@clerk-sync/events'

/** Where a change stands in the order of its entity's changes. Times are milliseconds. */
export interface Version {
  readonly updatedAt: number
  readonly occurredAt: number
  readonly eventId: string
}

/** The version of a change. What was read from Clerk's API has neither time nor svix-id in it. */
export function versionOf({ updatedAt, event }: Upsert): Version {
  return { updatedAt, occurredAt: event?.occurredAt ?? 0, eventId: event?.id ?? '' }
}

/** The same order as the SQL row comparison of the guarded write. */
export function isNewer(version: Version, than: Version): boolean {
  if (version.updatedAt !== than.updatedAt) return version.updatedAt > than.updatedAt
  if (version.occurredAt !== than.occurredAt) return version.occurredAt > than.occurredAt
  return version.eventId > than.eventId
}
