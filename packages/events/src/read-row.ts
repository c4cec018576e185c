import { isClerkObject, itemsOf } from './entities/column.ts'
import type { Items } from './entities/column.ts'
import { columnTypes } from './entities/column-types.ts'
import type { ChildTable, ClerkObject, Column, Entity } from './entities/entity.ts'

/** Column name -> value as JSON; times are ISO 8601. What is absent stays as it is in the table. */
export interface Row {
  [column: string]: unknown
}

export interface EntityRow {
  readonly row: Row
  /**
   * Child table -> its rows, each with its `id`. Tables that are left out are absent, and so are those
   * that stay as they are, because their list can't be read.
   */
  readonly children: { readonly [table: string]: readonly Row[] }
  /** Child tables whose other rows stay: some elements of their list can't be read. */
  readonly incomplete?: readonly string[]
}

/** Clerk's object as the rows that it becomes. */
export interface RowReading {
  readonly value: EntityRow
  /** The paths of what can't be read, as the columns declare them. Never a value. */
  readonly unreadable: readonly string[]
}

/**
 * Reads Clerk's object, whatever is in its fields. A field that can't be read becomes null, or what the
 * database can hold of it; a list that can't be read leaves its rows as they are.
 */
export function readRow(entity: Entity, data: ClerkObject): RowReading {
  const unreadable = new Set<string>()
  const row = readColumns(entity.columns, { data, parent: data, prefix: '', unreadable })
  const children: { [table: string]: Row[] } = {}
  const incomplete: string[] = []
  for (const child of entity.children) {
    if (child.off) continue
    const list = itemsOf(data, child.items)
    if (list.unreadable !== 'all')
      children[child.table] = readChildren(child, list, data, unreadable)
    if (list.unreadable === undefined) continue
    unreadable.add(list.unreadable === 'all' ? child.items : `${child.items}[]`)
    if (list.unreadable === 'some') incomplete.push(child.table)
    for (const name of computedFrom(entity, child)) if (row[name] === null) delete row[name]
  }
  if (!isTimeOrNone(data['updated_at'])) unreadable.add('updated_at')
  const value = incomplete.length === 0 ? { row, children } : { row, children, incomplete }
  return { value, unreadable: [...unreadable] }
}

/** Every path that `readRow` may report. */
export function reportedPaths({ columns, children }: Entity): Set<string> {
  const ofChildren = children.flatMap(({ items, columns: own }) => [
    items,
    `${items}[]`,
    ...own.flatMap(({ reads }) => reads.map((path) => nameOf(path, `${items}[].`))),
  ])
  return new Set([...columns.flatMap(({ reads }) => reads), ...ofChildren, 'updated_at'])
}

const isTimeOrNone = (value: unknown) =>
  value === null || value === undefined || columnTypes.timestamptz.accepts(value)

// Of two elements with one id the last counts.
function readChildren(
  child: ChildTable,
  { items }: Items,
  parent: ClerkObject,
  unreadable: Set<string>,
): Row[] {
  const prefix = `${child.items}[].`
  const rows = items.map((data): [string, Row] => [
    data.id,
    { id: data.id, ...readColumns(child.columns, { data, parent, prefix, unreadable }) },
  ])
  return [...new Map(rows).values()]
}

function computedFrom({ columns }: Entity, { items }: ChildTable): string[] {
  return columns
    .filter(({ reads }) => reads.some((path) => path.startsWith(`${items}[].`)))
    .map(({ name }) => name)
}

interface Source {
  readonly data: ClerkObject
  readonly parent: ClerkObject
  /** Of the paths in `data`. */
  readonly prefix: string
  /** Collects the paths of what can't be read. */
  readonly unreadable: Set<string>
}

function readColumns(columns: readonly Column[], source: Source): Row {
  const row: Row = {}
  for (const column of columns) row[column.name] = column.off ? null : readColumn(column, source)
  return row
}

function readColumn(column: Column, { data, parent, prefix, unreadable }: Source): unknown {
  for (const { path, ofParent, steps } of doubtfulPathsOf(column)) {
    if (!isPathReadable(column, ofParent ? parent : data, steps)) {
      unreadable.add(nameOf(path, prefix))
    }
  }
  const { accepts, hold } = columnTypes[column.type]
  const value = column.value(data, parent) ?? null
  const isAsExpected = value === null ? !column.required : accepts(value)
  if (!isAsExpected) unreadable.add(nameOf(column.reads[0] ?? column.name, prefix))
  const held = isAsExpected ? value : hold(value)
  return column.type === 'timestamptz' && typeof held === 'number'
    ? new Date(held).toISOString()
    : held
}

function nameOf(path: string, prefix: string): string {
  return path.startsWith('../') ? path.slice('../'.length) : `${prefix}${path}`
}

interface DoubtfulPath {
  readonly path: string
  readonly ofParent: boolean
  readonly steps: readonly string[]
}

const doubtfulPaths = new WeakMap<Column, readonly DoubtfulPath[]>()

// Not the elements of a list, which are read with its child table, nor a field of the object itself whose
// value is taken as it is.
function doubtfulPathsOf(column: Column): readonly DoubtfulPath[] {
  let paths = doubtfulPaths.get(column)
  if (!paths) {
    paths = column.reads.flatMap((path) => {
      if (path.includes('[]')) return []
      const ofParent = path.startsWith('../')
      const steps = (ofParent ? path.slice('../'.length) : path).split('.')
      return steps.length === 1 && !column.isDerived ? [] : [{ path, ofParent, steps }]
    })
    doubtfulPaths.set(column, paths)
  }
  return paths
}

function isPathReadable(column: Column, data: ClerkObject, steps: readonly string[]): boolean {
  let value: unknown = data
  for (const step of steps) {
    if (value === null || value === undefined) return true
    if (!isClerkObject(value)) return false
    value = Object.hasOwn(value, step) ? value[step] : null
  }
  return !column.isDerived || value === null || value === undefined || typeof value === 'string'
}
