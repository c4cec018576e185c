import { isClerkObject, itemsOf } from './column.ts'
import type { ChildTable, ClerkObject, Column, Entity } from './entity.ts'
import { columnTypes } from './entity.ts'

/** Column name -> value as JSON; times are ISO 8601. */
export interface Row {
  [column: string]: unknown
}

export interface EntityRow {
  readonly row: Row
  /** Child table -> its rows, each with its `id`; tables that are left out are absent. */
  readonly children: { readonly [table: string]: readonly Row[] }
}

export type RowResult = { ok: true; value: EntityRow } | { ok: false; problem: string }

/**
 * Clerk's object as the rows that it becomes. A problem names the field and what was expected,
 * never the value: it is kept where people read it.
 */
export function readRow(entity: Entity, data: ClerkObject): RowResult {
  const problems = new Set<string>()
  const row = readColumns(entity.columns, data, data, '', problems)
  const kept = entity.children.filter((child) => !child.off)
  const children = Object.fromEntries(
    kept.map((child) => [child.table, readChildren(child, data, problems)]),
  )
  return problems.size === 0
    ? { ok: true, value: { row, children } }
    : { ok: false, problem: [...problems].join('; ') }
}

// An element without an id can't be told from its siblings; of two with one id the last counts.
function readChildren(child: ChildTable, parent: ClerkObject, problems: Set<string>): Row[] {
  const rows = new Map<string, Row>()
  for (const item of itemsOf(parent, child.items)) {
    const id = item['id']
    if (typeof id !== 'string' || id === '') continue
    rows.set(id, { id, ...readColumns(child.columns, item, parent, `${child.items}[].`, problems) })
  }
  return [...rows.values()]
}

function readColumns(
  columns: readonly Column[],
  data: ClerkObject,
  parent: ClerkObject,
  prefix: string,
  problems: Set<string>,
): Row {
  const row: Row = {}
  for (const column of columns) {
    const { accepts, expected } = columnTypes[column.type]
    const value = column.off ? null : (column.value(data, parent) ?? null)
    const field = `${prefix}${column.reads[0] ?? column.name}`
    if (column.required && (value === null || value === ''))
      problems.add(`data.${field} is missing`)
    if (value !== null && !accepts.safeParse(value).success) {
      problems.add(`data.${field} is ${kindOf(value)}, expected ${expected}`)
    }
    row[column.name] =
      column.type === 'timestamptz' && typeof value === 'number' ? toIsoTime(value) : value
  }
  return row
}

function toIsoTime(ms: number): string | null {
  const time = new Date(ms)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return isClerkObject(value) ? 'an object' : `a ${typeof value}`
}
