import type { EntityRow, Entity } from '@clerk-sync/events'
import { changedColumns } from './changed-columns.ts'
import type { Change, Delete, Outcome, Upsert } from './change.ts'
import { entityKey, isDeleted, deletionTime } from './deleted.ts'
import { anonymize } from './deletion-policy.ts'
import type { DeletionPolicy } from './deletion-policy.ts'
import { isNewer, versionOf } from './version.ts'
import type { Version } from './version.ts'

/** What the database holds of the things that a batch touches; keys are made by `entityKey`. */
export interface Known {
  /** Ids of the events that are in the ledger already. */
  readonly events: ReadonlySet<string>
  /** Of the entities, their owners and the users that the events concern. */
  readonly tombstones: ReadonlyMap<string, number | null>
  readonly rows: ReadonlyMap<string, KnownRow>
}

export interface KnownRow {
  readonly version: Version
  readonly value: EntityRow
}

/** The change that wins, per entity id, as its row is to be written. */
export type Write = Upsert & {
  /** In milliseconds; null while it lives. */
  readonly deletedAt: number | null
}

/** One id that is gone. Times are milliseconds. */
export interface Deletion {
  readonly entity: Entity
  readonly id: string
  readonly deletedAt: number
  /** It went with its owner: there was no event of its own. */
  readonly withOwner: boolean
}

export interface Verdict {
  readonly outcome: Outcome
  /** Columns and child tables that the event changed; absent where it wrote nothing. */
  readonly changed?: readonly string[]
  /** Whether there was no row before; absent where it wrote nothing. */
  readonly isNew?: boolean
  /** It told of a deletion, or that something is gone with its owner. */
  readonly isDeletion?: boolean
  /** The row has the same updated_at as the change that was not written. */
  readonly isSame?: boolean
  /** What the changed columns hold now. */
  readonly value?: EntityRow
}

export interface Decision {
  /** One per change, in order; an Error for a change that can't be applied. */
  readonly verdicts: (Verdict | Error)[]
  readonly writes: Write[]
  readonly deaths: Deletion[]
  /** Every tombstone known after the batch. */
  readonly tombstones: ReadonlyMap<string, number | null>
}

/** Runs a batch in memory, one change after the other, and says what is left to write. */
export function decide(changes: readonly Change[], known: Known, policy: DeletionPolicy): Decision {
  const events = new Set(known.events)
  const tombstones = new Map(known.tombstones)
  const rows = new Map(known.rows)
  const upserts = new Map<string, Upsert>()
  const deaths = new Map<string, Deletion>()

  function decideOne(change: Change): Verdict | Error {
    const isEvent = change.event.isRecorded !== false
    if (isEvent && events.has(change.event.id)) return unchanged('duplicate')
    if (change.kind === 'unreadable' && !isDeleted(change, tombstones)) return change.error
    if (isEvent) events.add(change.event.id)
    if (change.kind === 'none') return unchanged('ignored')
    if (change.kind === 'delete') return { outcome: remove(change), isDeletion: true }
    if (isDeleted(change, tombstones)) {
      const isDeletion = markDeleted(change)
      if (change.kind === 'unreadable' || policy === 'erase')
        return { outcome: 'stale', isDeletion }
      return { ...upsert(change), isDeletion }
    }
    return change.kind === 'upsert' ? upsert(change) : unchanged('stale')
  }

  function remove(change: Delete): Outcome {
    const { entity, id, event } = change
    const key = entityKey(entity, id)
    const outcome = isDeleted(change, tombstones) ? 'stale' : 'deleted'
    // Of two deletes of one id the earlier time stays, so that their order of arrival doesn't matter.
    const deletedAt = Math.min(event.occurredAt, tombstones.get(key) ?? Infinity)
    tombstones.set(key, deletedAt)
    deaths.set(key, { entity, id, deletedAt, withOwner: false })
    return outcome
  }

  function upsert(change: Upsert): Verdict {
    const key = entityKey(change.entity, change.id)
    const before = rows.get(key)
    const version = versionOf(change)
    if (before && !isNewer(version, before.version)) {
      return { outcome: 'stale', isSame: before.version.updatedAt === version.updatedAt }
    }
    const whole = change.event.isRecorded === false ? withKnownOwners(change, before) : change
    const value =
      policy === 'anonymize' && isDeleted(change, tombstones)
        ? anonymize(change.entity, whole.value)
        : whole.value
    rows.set(key, { version, value })
    upserts.set(key, whole)
    const changed = changedColumns(change.entity, value, before?.value)
    return { outcome: 'applied', changed, value, isNew: before === undefined }
  }

  // It leaves a tombstone of its own: another event of it may not name the owner. Says whether it is new.
  function markDeleted(change: Exclude<Change, { kind: 'none' }>): boolean {
    const { entity, id } = change
    const key = entityKey(entity, id)
    if (tombstones.has(key)) return false
    const deletedAt = deletionTime(change, tombstones)
    tombstones.set(key, null)
    deaths.set(key, { entity, id, deletedAt, withOwner: true })
    return true
  }

  const verdicts = changes.map(decideOne)
  const writes: Write[] = []
  for (const change of upserts.values()) {
    const gone = isDeleted(change, tombstones)
    if (gone) markDeleted(change)
    if (gone && policy === 'erase') continue
    const value =
      gone && policy === 'anonymize' ? anonymize(change.entity, change.value) : change.value
    writes.push({ ...change, value, deletedAt: gone ? deletionTime(change, tombstones) : null })
  }
  return { verdicts, writes, deaths: [...deaths.values()], tombstones }
}

const unchanged = (outcome: Outcome): Verdict => ({ outcome })

// The API does not say who accepted an invitation. Owners never change.
function withKnownOwners(change: Upsert, before: KnownRow | undefined): Upsert {
  const { entity, value } = change
  const known = entity.partOf.map((owner) => [
    `${owner}_id`,
    value.row[`${owner}_id`] ?? before?.value.row[`${owner}_id`] ?? null,
  ])
  return { ...change, value: { ...value, row: { ...value.row, ...Object.fromEntries(known) } } }
}
