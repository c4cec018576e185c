import { ownerColumn } from '@clerk-sync/events'
import type { Entity, Row, Upsert } from '@clerk-sync/events'
import { isNewer, versionOf } from './version.ts'
import type { Version } from './version.ts'

/**
 * One of the entities that the same owners have only one of at a time, such as the memberships of one
 * user in one organization. Times are milliseconds.
 */
export interface Holder {
  readonly id: string
  /** 0 where Clerk does not say it. */
  readonly createdAt: number
  /** Absent where only the tombstone is left. */
  readonly version?: Version
  /** Null while it is not deleted. */
  readonly deletedAt: number | null
}

/** The ids of the owners of a row that have one such row at a time; none where one is not named. */
export function ownersOfOne({ onePer = [] }: Entity, row: Row): string[] {
  const ids = onePer.map((owner) => row[ownerColumn(owner)])
  const named = ids.filter((id) => typeof id === 'string')
  return named.length === onePer.length ? named : []
}

/** The same owners as one key; undefined where there are none. */
export function holdersKey(entity: Entity, row: Row): string | undefined {
  const ids = ownersOfOne(entity, row)
  return ids.length > 0 ? [entity.name, ...ids].join(' ') : undefined
}

/** When Clerk made what a row tells of, in milliseconds; 0 where it does not say it. */
export function createdAtIn({ created_at: createdAt }: Row): number {
  return typeof createdAt === 'string' ? Date.parse(createdAt) || 0 : 0
}

export interface Holders {
  /** Takes a change in. Returns those of the same owners that are newer and those that are older. */
  add(change: Upsert): { newer: Holder[]; older: Holder[] }
  /** Whether this one, or its tombstone, is known under its owners. */
  has(change: Upsert): boolean
}

/** Those of a batch, beside those that the database knows by `holdersKey`. */
export function createHolders(existing: ReadonlyMap<string, readonly Holder[]>): Holders {
  const known = new Map(
    [...existing].map(([key, some]) => [key, new Map(some.map((one) => [one.id, one]))]),
  )
  return {
    add(change) {
      const key = holdersKey(change.entity, change.value.row)
      if (key === undefined) return { newer: [], older: [] }
      const holders = known.get(key) ?? new Map<string, Holder>()
      known.set(key, holders)
      const before = holders.get(change.id)
      const told = { ...toHolder(change), deletedAt: before?.deletedAt ?? null }
      const own = before && isNewerHolder(before, told) ? before : told
      holders.set(change.id, own)
      const others = [...holders.values()].filter(({ id }) => id !== change.id)
      return {
        newer: others.filter((other) => isNewerHolder(other, own)),
        older: others.filter((other) => !isNewerHolder(other, own)),
      }
    },
    has({ entity, id, value }) {
      const key = holdersKey(entity, value.row)
      return key !== undefined && known.get(key)?.has(id) === true
    },
  }
}

function toHolder(change: Upsert): Omit<Holder, 'deletedAt'> {
  return {
    id: change.id,
    createdAt: createdAtIn(change.value.row),
    version: versionOf(change),
  }
}

// By the time of their making, which is the same in every change of one: so the order of arrival makes
// no difference. The rest decides where Clerk does not say it.
function isNewerHolder(one: Holder, than: Holder): boolean {
  if (one.createdAt !== than.createdAt) return one.createdAt > than.createdAt
  if (!one.version || !than.version) return one.version !== undefined
  if (isNewer(one.version, than.version)) return true
  return !isNewer(than.version, one.version) && one.id > than.id
}
