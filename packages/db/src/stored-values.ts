import type { Column } from '@clerk-sync/events'
import { isExactNumber, parseJson } from '@clerk-sync/ops'

/** The SQL type of a column. */
type StoredType =
  | 'bigint'
  | 'boolean'
  | 'integer'
  | 'jsonb'
  | 'text'
  | 'text[]'
  | 'tid'
  | 'timestamptz'
  | 'xid'

/** One column of the rows that a statement is given. */
export interface InputColumn<Row> {
  readonly name: string
  readonly type: StoredType
  /** Its value in a row; null and undefined are NULL. A time is in ISO 8601, or in milliseconds. */
  readonly valueIn: (row: Row) => unknown
}

/** Rows as values of a statement: one array for each column. PostgreSQL reads it faster than JSON. */
export interface Input<Row> {
  /** What stands behind FROM: the rows as `input`. */
  readonly from: string
  /** A column of `input` in its type. */
  readonly read: (name: string) => string
  readonly arraysOf: (rows: readonly Row[]) => (readonly (string | null)[] | null)[]
}

// They are no arrays in an array: as text they are read when they are used.
const asText = new Set<StoredType>(['jsonb', 'text[]'])

/** Builds the input of a statement. Its values are the statement's first ones. */
export function inputOf<Row>(columns: readonly InputColumn<Row>[]): Input<Row> {
  const arrays = columns.map(({ type }, at) => `$${at + 1}::${asText.has(type) ? 'text' : type}[]`)
  const names = columns.map(({ name }) => name)
  const types = new Map(columns.map(({ name, type }) => [name, type]))
  return {
    from: `unnest(${arrays.join(', ')}) AS input(${names.join(', ')})`,
    read(name) {
      const type = types.get(name)
      return type !== undefined && asText.has(type) ? `input.${name}::${type}` : `input.${name}`
    },
    arraysOf: (rows) => columns.map((column) => arrayOf(column, rows)),
  }
}

// Null for a column without values: unnest fills it up with NULL.
function arrayOf<Row>(
  { type, valueIn }: InputColumn<Row>,
  rows: readonly Row[],
): (string | null)[] | null {
  let isEmpty = true
  const values = rows.map((row) => {
    const value = valueIn(row) ?? null
    if (value === null) return null
    isEmpty = false
    return encode(type, value)
  })
  return isEmpty ? null : values
}

function encode(type: StoredType, value: unknown): string {
  if (type === 'jsonb') return JSON.stringify(value)
  if (typeof value === 'string') return value
  if (type === 'timestamptz') return new Date(Number(value)).toISOString()
  if (isExactNumber(value)) return value.rawJSON
  return Array.isArray(value) ? `{${value.join(',')}}` : String(value)
}

/** A column that is read: one of an entity, or one that PostgreSQL itself has in every table. */
export interface SelectedColumn {
  readonly name: string
  readonly type: Column['type'] | 'tid' | 'xid'
}

// Their values are what PostgreSQL writes.
const readAsText = new Set<SelectedColumn['type']>(['text', 'id', 'tid', 'xid'])

/**
 * A column in a statement that reads it. As text it has the same type after every migration, which the
 * plan of a prepared statement relies on.
 */
export function selected({ name, type }: SelectedColumn): string {
  return type === 'text' || type === 'id' ? name : `${name}::text`
}

/** The value that such a text stands for, as Clerk's JSON would have it; a time in ISO 8601. */
export function decode(type: SelectedColumn['type'], text: string | null): unknown {
  if (text === null || readAsText.has(type)) return text
  if (type === 'boolean') return text === 'true'
  // PostgreSQL writes 2026-11-30 14:05:00.123+00.
  return type === 'timestamptz' ? `${text.replace(' ', 'T')}:00` : parseJson(text)
}
