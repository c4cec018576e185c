import { ownerColumn } from '@clerk-sync/events'
import type { Change, Entity, Row, Upsert } from '@clerk-sync/events'
import { prepare } from './database.ts'
import type { Transaction } from './database.ts'
import { createdAtIn, isNewer, unlessFuture, versionOf } from './version.ts'
import type { Version } from './version.ts'

/**
 * One of the entities that the same owners have only one of at a time, such as the memberships of one
 * user in one organization. Times are milliseconds.
 */
export interface Holder {
  readonly id: string
  /** 0 where Clerk does not say it, or says a time in the future. */
  readonly createdAt: number
  /** Absent where only the tombstone is left. */
  readonly version?: Version
  /** Null while it is not deleted. */
  readonly deletedAt: number | null
}

/** The ids of the owners of a row that have one such row at a time; none where one is not named. */
function ownersOfOne({ onePer = [] }: Entity, row: Row): string[] {
  const ids = onePer.map((owner) => row[ownerColumn(owner)])
  const named = ids.filter((id) => typeof id === 'string')
  return named.length === onePer.length ? named : []
}

/** The same owners as one key; undefined where there are none. */
function holdersKey(entity: Entity, row: Row): string | undefined {
  const ids = ownersOfOne(entity, row)
  return ids.length > 0 ? [entity.name, ...ids].join(' ') : undefined
}

export interface Holders {
  /** Takes a change in. Returns those of the same owners that are newer and those that are older. */
  add(change: Upsert): { own?: Holder; newer: Holder[]; older: Holder[] }
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
        own,
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
  const version = versionOf(change)
  const now = change.event ? version.occurredAt : Date.now()
  return {
    id: change.id,
    createdAt: unlessFuture(createdAtIn(change.value.row), now, 0),
    version,
  }
}

/** Since when one has its place, in milliseconds: those before it were deleted by then. */
export function holdsSince({ createdAt, version }: Holder): number {
  return createdAt || (version?.updatedAt ?? 0)
}

// By the time of their making, which is the same in every change of one: so the order of arrival makes
// no difference. The rest decides where Clerk does not say it.
function isNewerHolder(one: Holder, than: Holder): boolean {
  if (one.createdAt !== than.createdAt) return one.createdAt > than.createdAt
  if (!one.version || !than.version) return one.version !== undefined
  if (isNewer(one.version, than.version)) return true
  return !isNewer(than.version, one.version) && one.id > than.id
}

// 'holder' cut to four characters in ASCII: a lock of its own kind beside the one of the tables.
const holderLock = 0x686f6c64

const lockHolders = prepare(
  `SELECT pg_advisory_xact_lock(${holderLock}, hashtext(key))::text FROM unnest($1::text[]) AS key`,
)

/**
 * Of entities that their owners have one of at a time those that a batch's changes meet: rows, and
 * tombstones that know their owners. Who writes for the same owners waits until the commit, so that
 * none is overlooked that is not there yet.
 */
export async function readHolders(
  tx: Transaction,
  changes: readonly Change[],
): Promise<Map<string, Holder[]>> {
  const found = new Map<string, Holder[]>()
  await Promise.all(
    Array.from(ownersOfOnes(changes), async ([entity, owners]) => {
      const keys = [...owners.keys()].toSorted()
      const idsOf = (place: number) => keys.map((key) => owners.get(key)?.[place])
      const [, rows] = await Promise.all([
        tx.query(lockHolders, keys),
        tx.query<HolderRow>(
          selectHolders(entity),
          ...(entity.onePer ?? []).map((_, i) => idsOf(i)),
        ),
      ])
      for (const row of rows) {
        const key = keys[row.place - 1] ?? ''
        found.set(key, [...(found.get(key) ?? []), holderOf(row)])
      }
    }),
  )
  return found
}

// Their ids by entity and `holdersKey`.
function ownersOfOnes(changes: readonly Change[]): Map<Entity, Map<string, string[]>> {
  const found = new Map<Entity, Map<string, string[]>>()
  for (const change of changes) {
    if (change.kind !== 'upsert') continue
    const { entity, value } = change
    const key = holdersKey(entity, value.row)
    if (key === undefined) continue
    const owners = found.get(entity) ?? new Map<string, string[]>()
    found.set(entity, owners.set(key, ownersOfOne(entity, value.row)))
  }
  return found
}

interface HolderRow {
  place: number
  id: string
  created_at: number | null
  updated_at: number | null
  event_occurred_at: number | null
  event_id: string | null
  deleted_at: number | null
}

function selectHolders({ name, table, onePer = [] }: Entity): string {
  const columns = onePer.map(ownerColumn)
  const inMs = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8 AS ${column}`
  const ofSame = (source: string) =>
    columns.map((column) => `${source}.${column} = same.${column}`).join(' AND ')
  return `
    WITH same AS (
      SELECT * FROM unnest(${columns.map((_, place) => `$${place + 1}::text[]`).join(', ')})
      WITH ORDINALITY AS same(${columns.join(', ')}, place)
    )
    SELECT same.place::int, id, ${['created_at', 'updated_at', 'event_occurred_at'].map(inMs).join(', ')},
           event_id, ${inMs('deleted_at')}
    FROM same JOIN clerk.${table} AS known ON ${ofSame('known')}
    UNION ALL
    SELECT same.place::int, id, ${inMs('created_at')}, NULL, NULL, NULL, NULL
    FROM same JOIN clerk.tombstones AS known ON ${ofSame('known')} AND known.entity = '${name}'
      AND NOT EXISTS (SELECT FROM clerk.${table} AS row WHERE row.id = known.id)`
}

function holderOf(row: HolderRow): Holder {
  const { id, updated_at: updatedAt, deleted_at: deletedAt } = row
  const createdAt = unlessFuture(row.created_at ?? 0, Date.now(), 0)
  const about = { id, createdAt, deletedAt }
  // A tombstone: nothing is left to delete.
  if (updatedAt === null) return { ...about, deletedAt: 0 }
  const version = {
    updatedAt,
    occurredAt: row.event_occurred_at ?? 0,
    eventId: row.event_id ?? '',
  }
  return { ...about, version }
}
