import type { BackendApi } from '@clerk-sync/events/backend-api'
import type { Database, WriteRules } from '@clerk-sync/db'
import type { Entity } from '@clerk-sync/events'
import type { DeleteLimit } from './delete-limit.ts'
import type { RetryOptions } from './retry-while-unavailable.ts'

export interface ReconcileOptions extends RetryOptions {
  readonly db: Database
  readonly api: BackendApi
  readonly entities: readonly Entity[]
  readonly rules: WriteRules
  /** Repairs the drift; undefined only reports it. */
  readonly repair: { readonly maxDeletes: DeleteLimit } | undefined
  /** Who runs it, for others who find it under way; see `nameStarter`. */
  readonly startedBy?: string
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
