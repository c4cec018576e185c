import type { ChildTable, Entity, Row } from '@clerk-sync/events'
import type { Upsert } from '../change.ts'
import { entityKey } from '../deleted.ts'
import type { KnownRow } from '../decide.ts'
import type { Transaction } from '../transaction.ts'
import type { Version } from '../version.ts'

interface RowAsJson {
  place: number
  row: Row & {
    id: string
    updated_at: string
    event_occurred_at: string
    event_id: string
    deleted_at: string | null
  }
  children: { [table: string]: Row[] }
}

export interface ReadRow extends KnownRow {
  /** In milliseconds; null while it lives. */
  readonly deletedAt: number | null
}

/** The rows that a batch's upserts touch, with their child rows; an id without a row is absent. */
export async function readRows(
  tx: Transaction,
  upserts: ReadonlyMap<Entity, readonly Upsert[]>,
): Promise<Map<string, ReadRow>> {
  const touched = [...upserts]
  if (touched.length === 0) return new Map()

  const selects = touched.map(
    ([entity], place) => `
      SELECT ${place} AS place, to_jsonb(parent) AS row,
             jsonb_build_object(${entity.children.filter(isKept).map(childRows).join(', ')}) AS children
      FROM clerk.${entity.table} AS parent WHERE id = ANY($${place + 1}::text[])`,
  )
  const ids = touched.map(([, changes]) => changes.map((change) => change.id))
  const rows = await tx.$queryRawUnsafe<RowAsJson[]>(selects.join(' UNION ALL '), ...ids)
  return new Map(
    rows.flatMap(({ place, row, children }) => {
      const entity = touched[place]?.[0]
      if (!entity) return []
      const deletedAt = row.deleted_at === null ? null : Date.parse(row.deleted_at)
      const known = { version: versionIn(row), value: { row, children }, deletedAt }
      return [[entityKey(entity, row.id), known] as const]
    }),
  )
}

const isKept = (child: ChildTable) => !child.off

const childRows = ({ table, parentColumn }: ChildTable) => `
  '${table}', (
    SELECT coalesce(jsonb_agg(to_jsonb(child)), '[]')
    FROM clerk.${table} AS child WHERE child.${parentColumn} = parent.id
  )`

function versionIn(row: RowAsJson['row']): Version {
  return {
    updatedAt: Date.parse(row.updated_at),
    occurredAt: Date.parse(row.event_occurred_at),
    eventId: row.event_id,
  }
}
