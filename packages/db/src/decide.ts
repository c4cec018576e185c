import type {
  Change,
  ChildTable,
  Delete,
  Entity,
  EntityChange,
  EntityRow,
  Row,
  Upsert,
} from '@clerk-sync/events'
import { ownerColumn } from '@clerk-sync/events'
import { changedColumns } from './changed-columns.ts'
import { anonymize } from './deletion-policy.ts'
import type { DeletionPolicy } from './deletion-policy.ts'
import { createHolders, holdsSince } from './holders.ts'
import type { Holder } from './holders.ts'
import { isNewer, versionOf } from './version.ts'
import type { Version } from './version.ts'

/** What can become of an event. */
export const outcomes = ['applied', 'stale', 'duplicate', 'deleted', 'ignored'] as const
export type Outcome = (typeof outcomes)[number]

/**
 * Tombstones by `entityKey`, with the time of the deletion; null for what was deleted with its owner or
 * replaced.
 */
export type Tombstones = ReadonlyMap<string, number | null>

/** What the database holds of everything that a batch touches; keys are made by `entityKey`. */
export interface ExistingState {
  /** Ids of the events that are in the ledger already. */
  readonly events: ReadonlySet<string>
  /** Of the entities, their owners and the users that the events concern. */
  readonly tombstones: Tombstones
  readonly rows: ReadonlyMap<string, ExistingRow>
  /** The child rows, also of ids without a row. */
  readonly children: ReadonlyMap<string, ChildRows>
  /** Of entities that their owners have one of at a time, by `holdersKey`; also from tombstones. */
  readonly holders: ReadonlyMap<string, readonly Holder[]>
}

/** Child rows by their table. */
export interface ChildRows {
  readonly [table: string]: readonly Row[]
}

export interface ExistingRow {
  readonly version: Version
  readonly value: EntityRow
}

/** The change that wins, per entity id, as its row is to be written. */
export interface Write extends Upsert {
  readonly version: Version
  /** In milliseconds; null while it is not deleted. */
  readonly deletedAt: number | null
  /** The row as it was read; undefined where there was none. */
  readonly before: ExistingRow | undefined
  /** Its child rows as they were read. */
  readonly childrenBefore: ChildRows
  /** The columns and child tables that may differ from what was read; undefined for all. */
  readonly changed: ReadonlySet<string> | undefined
}

/** One id that is deleted. Times are milliseconds. */
export interface Deletion {
  readonly entity: Entity
  readonly id: string
  /** For the row, where it stays. */
  readonly deletedAt: number
  /** Null where there was no event of its own: deleted with its owner, or replaced. */
  readonly tombstoneAt: number | null
  /** What its tombstone must know, so that an older one of the same owners does not come back. */
  readonly row?: Row | undefined
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
  const holders = createHolders(existing.holders)
  const replacedAt = new Map<string, number>()
  const upserts = new Map<string, Upsert>()
  const changedNames = new Map<string, Set<string>>()
  const deletions = new Map<string, Deletion>()

  function decideOne(change: Change): Verdict | Error {
    const { event } = change
    if (event && events.has(event.id)) return { outcome: 'duplicate' }
    if (change.kind === 'unreadable' && !isDeleted(change, tombstones)) return change.error
    if (event) events.add(event.id)
    if (change.kind === 'none') return { outcome: 'ignored' }
    if (change.kind === 'delete') return { outcome: remove(change), isDeletion: true }
    const replaces = change.kind === 'upsert' && replace(change)
    if (isDeleted(change, tombstones)) {
      const isDeletion = deleteWithOwner(change) || replaces
      if (change.kind === 'unreadable' || policy === 'erase')
        return { outcome: 'stale', isDeletion }
      return { ...upsert(change), isDeletion }
    }
    if (change.kind !== 'upsert') return { outcome: 'stale' }
    return replaces ? { ...upsert(change), isDeletion: true } : upsert(change)
  }

  function remove(change: Delete): Outcome {
    const { entity, id } = change
    const key = entityKey(entity, id)
    const outcome = isDeleted(change, tombstones) ? 'stale' : 'deleted'
    // Of two deletes of one id the earlier time stays, so that their order of arrival doesn't matter.
    const deletedAt = Math.min(change.deletedAt, tombstones.get(key) ?? Infinity)
    tombstones.set(key, deletedAt)
    const row = entity.onePer ? rows.get(key)?.value.row : undefined
    addDeletion({ entity, id, deletedAt, tombstoneAt: deletedAt, row })
    return outcome
  }

  function addDeletion(added: Deletion): void {
    const key = entityKey(added.entity, added.id)
    const before = deletions.get(key)
    const times = [before?.tombstoneAt, added.tombstoneAt].filter((time) => time != null)
    deletions.set(key, {
      ...added,
      deletedAt: Math.min(added.deletedAt, before?.deletedAt ?? Infinity),
      tombstoneAt: times.length === 0 ? null : Math.min(...times),
      row: added.row ?? before?.row,
    })
  }

  // Of those that the same owners have one of at a time the newest stays: Clerk has deleted the others
  // before it made that one. Says whether one is deleted that was not.
  function replace(change: Upsert): boolean {
    const { entity, id } = change
    const key = entityKey(entity, id)
    const isForgotten = policy === 'erase' && !holders.has(change)
    const { own, newer, older } = holders.add(change)
    if (!own) return false
    const replaced = [
      ...older.map((holder) => ({ holder, at: holdsSince(own) })),
      ...newer.map((holder) => ({ holder: { id, deletedAt: null }, at: holdsSince(holder) })),
    ]
    const isNew = replaced
      .map(({ holder, at }) => deleteReplaced(entity, holder, at))
      .includes(true)
    // The tombstone came first: it does not know yet whom this one had replaced.
    const deletedAt = tombstones.get(key)
    if (isForgotten && newer.length === 0 && deletedAt != null)
      addDeletion({ entity, id, deletedAt, tombstoneAt: deletedAt, row: change.value.row })
    return isNew
  }

  function deleteReplaced(
    entity: Entity,
    { id, deletedAt: knownAt }: Pick<Holder, 'id' | 'deletedAt'>,
    deletedAt: number,
  ): boolean {
    const key = entityKey(entity, id)
    replacedAt.set(key, Math.min(deletedAt, replacedAt.get(key) ?? Infinity))
    const isNew = !tombstones.has(key) && knownAt === null
    if (!tombstones.has(key)) tombstones.set(key, null)
    if (isNew || deletions.has(key) || (knownAt !== null && knownAt > deletedAt))
      addDeletion({ entity, id, deletedAt, tombstoneAt: null })
    return isNew
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
    const changed = changedColumns(change.entity, value, before?.value)
    if (isRefill(change, before) && changed.length === 0) return { outcome: 'stale', isSame: true }
    rows.set(key, { version, value })
    upserts.set(key, whole)
    // Of several changes of one row in a batch: whatever one of them has changed.
    changedNames.set(key, new Set([...(changedNames.get(key) ?? []), ...changed]))
    return { outcome: 'applied', changed, value, isNew: before === undefined }
  }

  // The entity gets a tombstone of its own: another event of it may not name the owner. Says whether
  // the tombstone is new.
  function deleteWithOwner(change: EntityChange): boolean {
    const { entity, id } = change
    const key = entityKey(entity, id)
    if (tombstones.has(key)) return false
    const deletedAt = deletionTime(change)
    tombstones.set(key, null)
    addDeletion({ entity, id, deletedAt, tombstoneAt: null })
    return true
  }

  // The earliest time that is known.
  function deletionTime(change: EntityChange): number {
    const keys = [entityKey(change.entity, change.id), ...ownerKeys(change)]
    const times = keys.flatMap((key) =>
      [tombstones.get(key) ?? [], replacedAt.get(key) ?? []].flat(),
    )
    return times.length === 0 ? (change.event?.occurredAt ?? 0) : Math.min(...times)
  }

  const verdicts = changes.map(decideOne)
  const writes: Write[] = []
  for (const [key, change] of upserts) {
    const deleted = isDeleted(change, tombstones)
    if (deleted) deleteWithOwner(change)
    if (deleted && policy === 'erase') continue
    const value =
      deleted && policy === 'anonymize' ? anonymize(change.entity, change.value) : change.value
    writes.push({
      ...change,
      version: versionOf(change),
      value,
      deletedAt: deleted ? deletionTime(change) : null,
      before: existing.rows.get(key),
      childrenBefore: existing.children.get(key) ?? {},
      changed: existing.rows.has(key) && !deleted ? changedNames.get(key) : undefined,
    })
  }
  return { verdicts, writes, deletions: [...deletions.values()], tombstones }
}

// What a change does not tell stays: what can't be read, and who accepted an invitation, which Clerk's
// API does not say. Owners never change. What depends on an owner whom it does not name, such as the
// address of that user, is not emptied by a refill.
function withWhatStays(change: Upsert, before: ExistingRow | undefined): Upsert {
  const { entity, value } = change
  const owners = change.event ? [] : entity.partOf.map(ownerColumn)
  const lacksOwner = owners.some((name) => !value.row[name] && before?.value.row[name])
  const names = entity.columns.map(({ name }) => name)
  const neverEmptied = lacksOwner && isRefill(change, before) ? names : owners
  const row = { ...value.row }
  for (const name of names) {
    const isTold = name in row && !neverEmptied.includes(name)
    if (!isTold) row[name] = row[name] ?? before?.value.row[name] ?? null
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

// Rows of a list whose unreadable elements may be theirs. Of what one row alone can have, the told one
// has it.
function othersOf(child: ChildTable, known: readonly Row[], told: readonly Row[]): Row[] {
  const ids = new Set(told.map((row) => row['id']))
  const taken = child.columns.filter(({ name, one }) => one && told.some((row) => row[name]))
  const none = Object.fromEntries(taken.map(({ name }) => [name, false]))
  return known.filter((row) => !ids.has(row['id'])).map((row) => ({ ...row, ...none }))
}

/** Whether a reading of Clerk's API says again what is known, to fill in what differs all the same. */
function isRefill({ readAt, updatedAt }: Upsert, before: ExistingRow | undefined): boolean {
  return readAt !== undefined && before?.version.updatedAt === updatedAt
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
