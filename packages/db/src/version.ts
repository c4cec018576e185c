import { isFarFuture } from '@clerk-sync/events'
import type { Row, Upsert } from '@clerk-sync/events'

/** Where a change stands in the order of its entity's changes. Times are milliseconds. */
export interface Version {
  readonly updatedAt: number
  readonly occurredAt: number
  readonly eventId: string
}

/**
 * A time, or `otherwise` where it is more than a day after `now`, all in milliseconds: as a version it
 * would keep every later change out.
 */
export function unlessFuture(time: number, now: number, otherwise: number): number {
  return isFarFuture(time, now) ? otherwise : time
}

/**
 * The version of a change. An event that was updated in the future was updated when it occurred, and
 * one that occurred in the future when it was received. What was read from Clerk's API has no svix-id in
 * it, and a time only where it refills rows; with an updated_at in the future it is as old as what it tells of, so that it writes
 * a missing row and overwrites none.
 */
export function versionOf({ updatedAt, event, value, readAt = 0 }: Upsert): Version {
  if (!event) {
    const now = Date.now()
    const otherwise = unlessFuture(createdAtIn(value.row), now, 0)
    return { updatedAt: unlessFuture(updatedAt, now, otherwise), occurredAt: readAt, eventId: '' }
  }
  const occurredAt = unlessFuture(event.occurredAt, event.receivedAt, event.receivedAt)
  const bounded = unlessFuture(updatedAt, occurredAt, occurredAt)
  return { updatedAt: bounded, occurredAt, eventId: event.id }
}

/** When Clerk made what a row tells of, in milliseconds; 0 where it does not say it. */
export function createdAtIn({ created_at: createdAt }: Row): number {
  return typeof createdAt === 'string' ? Date.parse(createdAt) || 0 : 0
}

/** By updated_at, then by the time of the event, then by its svix-id, byte by byte. */
export function isNewer(version: Version, than: Version): boolean {
  if (version.updatedAt !== than.updatedAt) return version.updatedAt > than.updatedAt
  if (version.occurredAt !== than.occurredAt) return version.occurredAt > than.occurredAt
  return version.eventId > than.eventId
}
