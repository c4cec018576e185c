import type { Entity, EntityRow } from '@clerk-sync/events'

/** What can become of an event. */
export const outcomes = ['applied', 'stale', 'duplicate', 'deleted', 'ignored'] as const
export type Outcome = (typeof outcomes)[number]

/** An event as the ledger keeps it. Times are milliseconds. */
export interface LedgerEvent {
  /** The svix-id. */
  readonly id: string
  readonly type: string
  readonly entityId: string | undefined
  /** Whom it concerns. */
  readonly userId: string | undefined
  readonly organizationId: string | undefined
  /** Of the request that caused it; never written for a user who is gone. */
  readonly clientIp: string | undefined
  readonly userAgent: string | undefined
  readonly occurredAt: number
  readonly receivedAt: number
  /** False for what was read from Clerk's API: no event, so the ledger does not know it. */
  readonly isRecorded?: false
}

/** What an event does to one entity. */
export type Change =
  | {
      readonly kind: 'upsert'
      readonly event: LedgerEvent
      readonly entity: Entity
      readonly id: string
      /** Clerk's updated_at in milliseconds, the first part of the version. */
      readonly updatedAt: number
      readonly value: EntityRow
    }
  | {
      readonly kind: 'delete'
      readonly event: LedgerEvent
      readonly entity: Entity
      readonly id: string
    }
  | {
      /** No row can be made of it: stale where the entity is gone, refused with `error` elsewhere. */
      readonly kind: 'unreadable'
      readonly event: LedgerEvent
      readonly entity: Entity
      readonly id: string
      readonly error: Error
    }
  | { readonly kind: 'none'; readonly event: LedgerEvent }

export type Upsert = Extract<Change, { kind: 'upsert' }>
export type Delete = Extract<Change, { kind: 'delete' }>
