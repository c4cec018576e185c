import type { BackendApi } from '@clerk-sync/events/backend-api'
import type { Database, WriteRules } from '@clerk-sync/db'
import type { Entity } from '@clerk-sync/events'
import type { RetryOptions } from './retry-while-unavailable.ts'

export interface ReconcileOptions extends RetryOptions {
  readonly db: Database
  readonly api: BackendApi
  readonly entities: readonly Entity[]
  readonly rules: WriteRules
  /** Repairs the drift; undefined only reports it. */
  readonly repair: { readonly maxDeletes: DeleteLimit } | undefined
  readonly onProgress: (progress: {
    entity: Entity
    seen: number
    total: number | undefined
  }) => void
  /** Called for each object that is written though some of its fields can't be read. */
  readonly onUnreadable?: (entity: Entity, fields: readonly string[]) => void
  readonly inFlightMs?: number
  readonly settleMs?: number
}

/** How many rows of one entity a repair may delete, as a number or as a share of what Clerk has. */
export type DeleteLimit = { readonly rows: number } | { readonly percent: number }

/**
 * How many rows of an entity may be deleted when Clerk has `seen` of it. A share is rounded up. Where
 * Clerk has nothing it is 0: an empty list may be another instance's.
 */
export function deleteLimit(seen: number, maxDeletes: DeleteLimit): number {
  return 'rows' in maxDeletes ? maxDeletes.rows : Math.ceil((seen * maxDeletes.percent) / 100)
}
