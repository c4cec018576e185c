import { isDeepStrictEqual } from 'node:util'
import type { Column, Entity, EntityRow, Row } from '@clerk-sync/events'

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
  const tables = entity.children.filter(({ off, table, columns: own }) => {
    if (off) return false
    const rows = changedRows(own, after.children[table] ?? [], before.children[table] ?? [])
    return rows.written.length > 0 || rows.removed.length > 0
  })
  return [...columns, ...tables.map(({ table }) => table)]
}

function differing(columns: readonly Column[], after: Row, before: Row): string[] {
  const changed = columns.filter(
    ({ name, type }) => !isEqual(plain(type, after[name]), plain(type, before[name])),
  )
  return changed.map(({ name }) => name)
}

/** The rows of a list that are new or differ, and those that it no longer has, by their `id`. */
export function changedRows(
  columns: readonly Column[],
  after: readonly Row[],
  before: readonly Row[],
): { written: readonly Row[]; removed: readonly Row[] } {
  if (before.length === 0) return { written: after, removed: before }
  const known = new Map(before.map((row) => [row['id'], row]))
  const kept = new Set(after.map((row) => row['id']))
  return {
    written: after.filter((row) => {
      const same = known.get(row['id'])
      return same === undefined || differing(columns, row, same).length > 0
    }),
    removed: before.filter((row) => !kept.has(row['id'])),
  }
}

// Metadata of 8 KB can nest deeper than the comparison can go: then it counts as changed.
function isEqual(after: unknown, before: unknown): boolean {
  if (after === before) return true
  if (typeof after !== 'object' || typeof before !== 'object') return false
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
