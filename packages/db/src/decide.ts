import type { Entity } from '@clerk-sync/entities'
import type { Change, Delete, Outcome, Upsert } from './change.ts'
import { isNewer, versionOf } from './version.ts'
import type { Version } from './version.ts'

/** What the database holds of the things that a batch touches; keys are made by `entityKey`. */
export interface Known {
  /** Ids of the events that are in the ledger already. */
  readonly events: ReadonlySet<string>
  readonly tombstones: ReadonlySet<string>
  readonly versions: ReadonlyMap<string, Version>
}

export interface Decision {
  /** One outcome per change, in the order of the changes. */
  readonly outcomes: Outcome[]
  /** The change that wins, per entity id. */
  readonly upserts: Upsert[]
  /** The earliest delete, per entity id. */
  readonly deletes: Delete[]
}

export function entityKey(entity: Entity, id: string): string {
  return `${entity.name} ${id}`
}

/** Runs a batch in memory, one change after the other, and says what is left to write. */
export function decide(changes: readonly Change[], known: Known): Decision {
  const events = new Set(known.events)
  const tombstones = new Set(known.tombstones)
  const versions = new Map(known.versions)
  const upserts = new Map<string, Upsert>()
  const deletes = new Map<string, Delete>()

  const outcomes = changes.map((change): Outcome => {
    if (events.has(change.event.id)) return 'duplicate'
    events.add(change.event.id)
    if (change.kind === 'none') return 'ignored'

    const key = entityKey(change.entity, change.id)
    const isGone = tombstones.has(key)
    if (change.kind === 'delete') {
      const earliest = deletes.get(key)
      if (!earliest || change.event.occurredAt < earliest.event.occurredAt) deletes.set(key, change)
      tombstones.add(key)
      upserts.delete(key)
      return isGone ? 'stale' : 'deleted'
    }
    if (isGone) return 'stale'

    const current = versions.get(key)
    const version = versionOf(change)
    if (current && !isNewer(version, current)) return 'stale'
    versions.set(key, version)
    upserts.set(key, change)
    return 'applied'
  })
  return { outcomes, upserts: [...upserts.values()], deletes: [...deletes.values()] }
}
