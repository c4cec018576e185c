import type { ColumnType } from './column-types.ts'

/** A JSON object as Clerk sends it. */
export interface ClerkObject {
  [field: string]: unknown
}

/** What other entities may be part of: their rows go when it goes. */
export type Owner = 'organization' | 'user'

export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** What name and path don't say, for docs/tables.md. */
  readonly about?: string
  /**
   * Paths in Clerk's JSON that this column needs (`organization.id`, `email_addresses[].id`, from a
   * child row `../primary_email_address_id`); the value comes from the first.
   */
  readonly reads: readonly string[]
  /** Clerk always sends it: where it is missing, it is reported like a value that can't be read. */
  readonly required?: boolean
  /** At most one child row of a parent has it. */
  readonly one?: boolean
  /** Computed from its `reads`, which are all texts, instead of being the value at the first one. */
  readonly isDerived?: boolean
  /** Tells of a person: emptied when a deletion anonymizes. */
  readonly personal?: boolean
  /** Kept only when SYNC_FIELDS names it, by this name. */
  readonly optional?: string
  /** The name by which SYNC_FIELDS leaves it out, where that is not the column's own. */
  readonly field?: string
  /** Left out: never leaves the HTTP edge, the column stays null. */
  readonly off?: boolean
  /** The column's value in Clerk's JSON; `parent` is the object that holds a child row. */
  value(data: ClerkObject, parent: ClerkObject): unknown
}

/** Rows that live inside their parent's JSON and are replaced together with it. */
export interface ChildTable {
  readonly table: string
  /** What it holds, in a sentence. */
  readonly about: string
  readonly parentColumn: string
  /** The array in the parent's JSON; each element has an `id`. */
  readonly items: string
  readonly columns: readonly Column[]
  /** Kept only when SYNC_FIELDS names it, by this name. */
  readonly optional?: string
  /** Left out: never leaves the HTTP edge, nothing is written. */
  readonly off?: boolean
}

/** Where Clerk's Backend API has the entities of one kind, and what their list can do. */
export interface EntityApi {
  readonly list: string
  /** Where one organization's are, for an API without the list of the whole instance. */
  readonly byOrganization?: string
  /**
   * Where one of them is: an object, or a list in which it is to be found. The names in braces are
   * columns.
   */
  readonly one: string
  /** The list continues after an id (`starting_after`); other lists continue by `offset`. */
  readonly hasCursor?: true
  /** The list can be asked for several ids in one request. */
  readonly byIds?: { readonly parameter: string; readonly max: number }
  /** Where the total is, for a list that does not tell it. */
  readonly count?: string
  /** Every instance has this list: a refusal is an error, not a feature that is switched off. */
  readonly isInEveryInstance?: true
}

/** The column of an owned row that holds the id of its owner. */
export function ownerColumn(owner: string): string {
  return `${owner}_id`
}

/**
 * One kind of thing that Clerk reports. The minimising parse, the guarded write, the row mapper, the
 * cascades and docs/tables.md are all derived from it. `id`, `updated_at` and the bookkeeping columns
 * are common to all.
 */
export interface Entity {
  readonly name: string
  readonly table: string
  /** What it holds, in a sentence. */
  readonly about: string
  /** Absent where the Backend API has no list of the same shape. */
  readonly api?: EntityApi
  readonly upsertedBy: readonly string[]
  readonly deletedBy: readonly string[]
  /** Kept only when SYNC_ENTITIES names it. */
  readonly optional?: boolean
  /** What it goes with: a deleted owner takes these rows along. The column is `<owner>_id`. */
  readonly partOf: readonly Owner[]
  /** These owners together have one of them at a time: the newest replaces the others. */
  readonly onePer?: readonly Owner[]
  /**
   * Where in Clerk's JSON an event names the user and the organization that it concerns, for the
   * ledger and for cascades. Every owner has its path here.
   */
  readonly concerns: { readonly [O in Owner]?: string }
  /** Its events come from requests of the user that they concern, or from a server on their behalf. */
  readonly requestedByUser?: boolean
  readonly columns: readonly Column[]
  readonly children: readonly ChildTable[]
}

/** A longer id is not Clerk's, and PostgreSQL could not index it. */
export const longestId = 255
