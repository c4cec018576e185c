import type { Entity, EntityRow } from '@clerk-sync/entities'

/** What became of an event. */
export type Outcome = 'applied' | 'stale' | 'duplicate' | 'deleted' | 'ignored'

/** An event as the ledger keeps it. Times are milliseconds. */
export interface LedgerEvent {
  /** The svix-id. */
  readonly id: string
  readonly type: string
  readonly entityId: string | undefined
  readonly occurredAt: number
  readonly receivedAt: number
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
  | { readonly kind: 'none'; readonly event: LedgerEvent }

export type Upsert = Extract<Change, { kind: 'upsert' }>
export type Delete = Extract<Change, { kind: 'delete' }>
