import type { Entity, Owner } from '@clerk-sync/events'
import type { Change, LedgerEvent } from './change.ts'

type EntityChange = Exclude<Change, { kind: 'none' }>

/** One key for everything that is known of an entity. */
export function entityKey(entity: Pick<Entity, 'name'>, id: string): string {
  return `${entity.name} ${id}`
}

/** The keys of what takes the entity of a change along when it goes, as far as the event names it. */
export function ownerKeys({ entity, event }: EntityChange): string[] {
  return entity.partOf.flatMap((owner) => {
    const id = ownerId(event, owner)
    return id === undefined ? [] : [entityKey({ name: owner }, id)]
  })
}

function ownerId(event: LedgerEvent, owner: Owner): string | undefined {
  return owner === 'user' ? event.userId : event.organizationId
}

/** Tombstones by key, with the time of the deletion; null for what went with its owner. */
export type Tombstones = ReadonlyMap<string, number | null>

/** Whether the entity of a change is gone, by itself or with an owner that the event names. */
export function isDeleted(change: EntityChange, tombstones: Tombstones): boolean {
  return [entityKey(change.entity, change.id), ...ownerKeys(change)].some((key) =>
    tombstones.has(key),
  )
}

/** When the entity of a change that is gone was deleted: the earliest time that is known. */
export function deletionTime(change: EntityChange, tombstones: Tombstones): number {
  const times = [entityKey(change.entity, change.id), ...ownerKeys(change)].flatMap(
    (key) => tombstones.get(key) ?? [],
  )
  return times.length === 0 ? change.event.occurredAt : Math.min(...times)
}
