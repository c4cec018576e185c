import type { Entity } from '@clerk-sync/entities'
import type { Upsert } from '../change.ts'
import { entityKey } from '../decide.ts'
import type { Transaction } from '../transaction.ts'
import type { Version } from '../version.ts'

interface VersionRow {
  place: number
  id: string
  updated_at: Date
  event_occurred_at: Date
  event_id: string
}

/** The versions of the rows that a batch's upserts touch; an id without a row is absent. */
export async function readVersions(
  tx: Transaction,
  upserts: ReadonlyMap<Entity, readonly Upsert[]>,
): Promise<Map<string, Version>> {
  const touched = [...upserts]
  if (touched.length === 0) return new Map()

  const selects = touched.map(
    ([entity], place) =>
      `SELECT ${place} AS place, id, updated_at, event_occurred_at, event_id
       FROM clerk.${entity.table} WHERE id = ANY($${place + 1}::text[])`,
  )
  const ids = touched.map(([, changes]) => changes.map((change) => change.id))
  const rows = await tx.$queryRawUnsafe<VersionRow[]>(selects.join(' UNION ALL '), ...ids)
  return new Map(
    rows.flatMap((row) => {
      const entity = touched[row.place]?.[0]
      return entity ? [[entityKey(entity, row.id), toVersion(row)] as const] : []
    }),
  )
}

function toVersion(row: VersionRow): Version {
  return {
    updatedAt: row.updated_at.getTime(),
    occurredAt: row.event_occurred_at.getTime(),
    eventId: row.event_id,
  }
}
