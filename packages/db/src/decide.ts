import { isDeepStrictEqual } from 'node:util'
import type {
  Change,
  ChildTable,
  Column,
  Delete,
  Entity,
  EntityChange,
  EntityRow,
  Row,
  Upsert,
} from '@clerk-sync/events'
import { ownerColumn } from '@clerk-sync/events'
import { anonymize } from './deletion-policy.ts'
import type { DeletionPolicy } from './deletion-policy.ts'

/** What can become of an event. */
export const outcomes = ['applied', 'stale', 'duplicate', 'deleted', 'ignored'] as const
export type Outcome = (typeof outcomes)[number]

/** Where a change stands in the order of its entity's changes. Times are milliseconds. */
export interface Version {
  readonly updatedAt: number
  readonly occurredAt: number
  readonly eventId: string
}

/** Tombstones by `entityKey`, with the time of the deletion; null for what was deleted with its owner. */
export type Tombstones = ReadonlyMap<string, number | null>

/** What the database holds of everything that a batch touches; keys are made by `entityKey`. */
export interface ExistingState {
  /** Ids of the events that are in the ledger already. */
  readonly events: ReadonlySet<string>
  /** Of the entities, their owners and the users that the events concern. */
  readonly tombstones: Tombstones
  readonly rows: ReadonlyMap<string, ExistingRow>
}

export interface ExistingRow {
  readonly version: Version
  readonly value: EntityRow
}

/** The change that wins, per entity id, as its row is to be written. */
export interface Write extends Upsert {
  /** In milliseconds; null while it is not deleted. */
  readonly deletedAt: number | null
}

/** One id that is deleted. Times are milliseconds. */
export interface Deletion {
  readonly entity: Entity
  readonly id: string
  readonly deletedAt: number
  /** It was deleted with its owner: there was no event of its own. */
  readonly withOwner: boolean
}

export interface Verdict {
  readonly outcome: Outcome
  /** Columns and child tables that the event changed; absent where it wrote nothing. */
  readonly changed?: readonly string[]
  /** Whether there was no row before; absent where it wrote nothing. */
  readonly isNew?: boolean
  /** The change tells of a deletion, or its entity was deleted with an owner just now. */
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
  readonly deletions: Deletion[]
  /** Every tombstone known after the batch. */
  readonly tombstones: Tombstones
}

/** Runs a batch in memory, one change after the other, and says what is left to write. */
export function decide(
  changes: readonly Change[],
  existing: ExistingState,
  policy: DeletionPolicy,
): Decision {
  const events = new Set(existing.events)
  const tombstones = new Map(existing.tombstones)
  const rows = new Map(existing.rows)
  const upserts = new Map<string, Upsert>()
  const deletions = new Map<string, Deletion>()

  function decideOne(change: Change): Verdict | Error {
    const { event } = change
    if (event && events.has(event.id)) return { outcome: 'duplicate' }
    if (change.kind === 'unreadable' && !isDeleted(change, tombstones)) return change.error
    if (event) events.add(event.id)
    if (change.kind === 'none') return { outcome: 'ignored' }
    if (change.kind === 'delete') return { outcome: remove(change), isDeletion: true }
    if (isDeleted(change, tombstones)) {
      const isDeletion = deleteWithOwner(change)
      if (change.kind === 'unreadable' || policy === 'erase')
        return { outcome: 'stale', isDeletion }
      return { ...upsert(change), isDeletion }
    }
    return change.kind === 'upsert' ? upsert(change) : { outcome: 'stale' }
  }

  function remove(change: Delete): Outcome {
    const { entity, id } = change
    const key = entityKey(entity, id)
    const outcome = isDeleted(change, tombstones) ? 'stale' : 'deleted'
    // Of two deletes of one id the earlier time stays, so that their order of arrival doesn't matter.
    const deletedAt = Math.min(change.deletedAt, tombstones.get(key) ?? Infinity)
    tombstones.set(key, deletedAt)
    deletions.set(key, { entity, id, deletedAt, withOwner: false })
    return outcome
  }

  function upsert(change: Upsert): Verdict {
    const key = entityKey(change.entity, change.id)
    const before = rows.get(key)
    const version = versionOf(change)
    if (before && !isNewer(version, before.version)) {
      return { outcome: 'stale', isSame: before.version.updatedAt === version.updatedAt }
    }
    const whole = withWhatStays(change, before)
    const value =
      policy === 'anonymize' && isDeleted(change, tombstones)
        ? anonymize(change.entity, whole.value)
        : whole.value
    rows.set(key, { version, value })
    upserts.set(key, whole)
    const changed = changedColumns(change.entity, value, before?.value)
    return { outcome: 'applied', changed, value, isNew: before === undefined }
  }

  // The entity gets a tombstone of its own: another event of it may not name the owner. Says whether
  // the tombstone is new.
  function deleteWithOwner(change: EntityChange): boolean {
    const { entity, id } = change
    const key = entityKey(entity, id)
    if (tombstones.has(key)) return false
    const deletedAt = deletionTime(change, tombstones)
    tombstones.set(key, null)
    deletions.set(key, { entity, id, deletedAt, withOwner: true })
    return true
  }

  const verdicts = changes.map(decideOne)
  const writes: Write[] = []
  for (const change of upserts.values()) {
    const deleted = isDeleted(change, tombstones)
    if (deleted) deleteWithOwner(change)
    if (deleted && policy === 'erase') continue
    const value =
      deleted && policy === 'anonymize' ? anonymize(change.entity, change.value) : change.value
    writes.push({ ...change, value, deletedAt: deleted ? deletionTime(change, tombstones) : null })
  }
  return { verdicts, writes, deletions: [...deletions.values()], tombstones }
}

// What a change does not tell stays: what can't be read, and who accepted an invitation, which Clerk's
// API does not say. Owners never change.
function withWhatStays(change: Upsert, before: ExistingRow | undefined): Upsert {
  const { entity, event, value } = change
  const row = { ...value.row }
  for (const { name } of entity.columns) {
    const isUntold = name in row ? !event && isOwner(entity, name) && row[name] === null : true
    if (isUntold) row[name] = before?.value.row[name] ?? null
  }
  const children = { ...value.children }
  for (const child of entity.children) {
    const { table } = child
    const known = before?.value.children[table] ?? []
    const told = children[table]
    if (child.off) continue
    if (!told) children[table] = known
    else if (value.incomplete?.includes(table)) {
      children[table] = [...told, ...othersOf(child, known, told)]
    }
  }
  return { ...change, value: { row, children } }
}

const isOwner = ({ partOf }: Entity, column: string) =>
  partOf.some((owner) => ownerColumn(owner) === column)

// Rows of a list whose unreadable elements may be theirs. Of what one row alone can have, the told one
// has it.
function othersOf(child: ChildTable, known: readonly Row[], told: readonly Row[]): Row[] {
  const ids = new Set(told.map((row) => row['id']))
  const taken = child.columns.filter(({ name, one }) => one && told.some((row) => row[name]))
  const none = Object.fromEntries(taken.map(({ name }) => [name, false]))
  return known.filter((row) => !ids.has(row['id'])).map((row) => ({ ...row, ...none }))
}

/** One key for everything that is known of an entity. */
export function entityKey(entity: Pick<Entity, 'name'>, id: string): string {
  return `${entity.name} ${id}`
}

/** The keys of the owners of a change's entity, as far as the change names them. */
export function ownerKeys({ entity, concerned }: EntityChange): string[] {
  return entity.partOf.flatMap((owner) => {
    const id = concerned[owner]
    return id === undefined ? [] : [entityKey({ name: owner }, id)]
  })
}

/** Whether the entity of a change is deleted, by itself or with an owner that the change names. */
export function isDeleted(change: EntityChange, tombstones: Tombstones): boolean {
  return [entityKey(change.entity, change.id), ...ownerKeys(change)].some((key) =>
    tombstones.has(key),
  )
}

// The earliest time that is known.
function deletionTime(change: EntityChange, tombstones: Tombstones): number {
  const times = [entityKey(change.entity, change.id), ...ownerKeys(change)].flatMap(
    (key) => tombstones.get(key) ?? [],
  )
  return times.length === 0 ? (change.event?.occurredAt ?? 0) : Math.min(...times)
}

/** The version of a change. What was read from Clerk's API has neither time nor svix-id in it. */
export function versionOf({ updatedAt, event }: Upsert): Version {
  return { updatedAt, occurredAt: event?.occurredAt ?? 0, eventId: event?.id ?? '' }
}

// The same order as the SQL row comparison of the guarded write.
function isNewer(version: Version, than: Version): boolean {
  if (version.updatedAt !== than.updatedAt) return version.updatedAt > than.updatedAt
  if (version.occurredAt !== than.occurredAt) return version.occurredAt > than.occurredAt
  return version.eventId > than.eventId
}

/**
 * The columns, and the child tables, in which a row differs from the one before it; without one
 * before, those that hold anything.
 */
export function changedColumns(
  entity: Entity,
  after: EntityRow,
  before: EntityRow = { row: {}, children: {} },
): string[] {
  const columns = differing(entity.columns, after.row, before.row)
  const tables = entity.children.filter(
    (child) =>
      !child.off &&
      !sameRows(
        child.columns,
        after.children[child.table] ?? [],
        before.children[child.table] ?? [],
      ),
  )
  return [...columns, ...tables.map(({ table }) => table)]
}

function differing(columns: readonly Column[], after: Row, before: Row): string[] {
  const changed = columns.filter(
    ({ name, type }) => !isEqual(plain(type, after[name]), plain(type, before[name])),
  )
  return changed.map(({ name }) => name)
}

function sameRows(columns: readonly Column[], after: readonly Row[], before: readonly Row[]) {
  const known = new Map(before.map((row) => [row['id'], row]))
  return (
    after.length === before.length &&
    after.every((row) => {
      const same = known.get(row['id'])
      return same !== undefined && differing(columns, row, same).length === 0
    })
  )
}

// Metadata of 8 KB can nest deeper than the comparison can go: then it counts as changed.
function isEqual(after: unknown, before: unknown): boolean {
  try {
    return isDeepStrictEqual(after, before)
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

// PostgreSQL writes a time in its own way, and nothing is null.
function plain(type: Column['type'], value: unknown): unknown {
  if (type === 'timestamptz' && typeof value === 'string') return Date.parse(value)
  return value ?? null
}
