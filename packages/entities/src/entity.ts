import { z } from 'zod'

/** A JSON object as Clerk sends it. */
export type ClerkObject = { [field: string]: unknown }

/** How a column is stored. Times are milliseconds in Clerk's JSON and timestamptz(3) in PostgreSQL. */
export type ColumnType = keyof typeof columnTypes

export interface Column {
  readonly name: string
  readonly type: ColumnType
  /**
   * Paths in Clerk's JSON that this column needs (`organization.id`, `email_addresses[].id`); the
   * value comes from the first.
   */
  readonly reads: readonly string[]
  /** An event without a value for it can't be applied. */
  readonly required?: boolean
  /** Switched off: never leaves the HTTP edge, the column stays null. */
  readonly off?: boolean
  /** The column's value in Clerk's JSON; `parent` is the object that holds a child row. */
  value(data: ClerkObject, parent: ClerkObject): unknown
}

/** Rows that live inside their parent's JSON and are replaced together with it. */
export interface ChildTable {
  readonly table: string
  readonly parentColumn: string
  /** The array in the parent's JSON; each element has an `id`. */
  readonly items: string
  readonly columns: readonly Column[]
}

/**
 * One kind of thing that Clerk reports. The minimising parse, the guarded write and the row mapper
 * are all derived from it. `id`, `updated_at` and the bookkeeping columns are common to all.
 */
export interface Entity {
  readonly name: string
  readonly table: string
  readonly upsertedBy: readonly string[]
  readonly deletedBy: readonly string[]
  readonly columns: readonly Column[]
  readonly children: readonly ChildTable[]
}

/** In milliseconds. PostgreSQL reads years above 9999 in another notation; Clerk's are far below. */
export const latestTime = Date.UTC(9999, 11, 31)

/** SQL type and accepted JSON value of each column type. */
export const columnTypes = {
  text: { sql: 'text', accepts: z.string(), expected: 'a string' },
  boolean: { sql: 'boolean', accepts: z.boolean(), expected: 'true or false' },
  jsonb: { sql: 'jsonb', accepts: z.unknown(), expected: 'JSON' },
  timestamptz: {
    sql: 'timestamptz',
    accepts: z.int().min(0).max(latestTime),
    expected: 'a time in milliseconds',
  },
} as const
