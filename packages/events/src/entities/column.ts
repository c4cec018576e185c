import { isExactNumber } from '@clerk-sync/ops'
import type { ColumnType } from './column-types.ts'
import { longestId } from './entity.ts'
import type { ClerkObject, Column, Entity, Owner } from './entity.ts'

interface Settings {
  about?: string
  required?: true
  personal?: true
  optional?: string
  field?: string
}

/** A column that takes the value at one path; the path is the column's own name unless given. */
export function column(
  name: string,
  type: ColumnType,
  settings: Settings & { from?: string } = {},
): Column {
  const { from = name, ...rest } = settings
  return { name, type, reads: [from], value: (data) => valueAt(data, from), ...rest }
}

/** A column computed from fields that are texts. */
export function derived(
  name: string,
  type: ColumnType,
  reads: readonly string[],
  value: Column['value'],
  settings: Settings & { one?: true } = {},
): Column {
  return { name, type, reads, value, isDerived: true, ...settings }
}

/** A column that holds another entity's id, where Clerk may send an empty string for none. */
export function idColumn(name: string, settings: Settings & { from?: string } = {}): Column {
  const { from = name, ...rest } = settings
  const value = (data: ClerkObject) => {
    const id = valueAt(data, from)
    return id === '' ? null : id
  }
  return derived(name, 'id', [from], value, rest)
}

/** The value at a dotted path of own properties; null where the path ends early. */
export function valueAt(data: ClerkObject, path: string): unknown {
  let value: unknown = data
  for (const step of path.split('.')) {
    if (!isClerkObject(value) || !Object.hasOwn(value, step)) return null
    value = value[step]
  }
  return value
}

/** The id at a path: anything else than a string with characters is none. */
export function idAt(data: ClerkObject, path: string): string | undefined {
  const id = valueAt(data, path)
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** An array field as it can be read. */
export interface Items {
  readonly items: readonly (ClerkObject & { readonly id: string })[]
  /** Nothing of it can be read, or some elements can't: they are no objects with an id. */
  readonly unreadable?: 'all' | 'some'
}

/** The elements of an array field. Go's programs send null for an empty list. */
export function itemsOf(data: ClerkObject, field: string): Items {
  const value = data[field] ?? []
  if (!Array.isArray(value)) return { items: [], unreadable: 'all' }
  const items = value.filter(isItem)
  return items.length === value.length ? { items } : { items, unreadable: 'some' }
}

const isItem = (value: unknown): value is ClerkObject & { readonly id: string } =>
  isClerkObject(value) && isId(value['id'])

const isId = (value: unknown) =>
  typeof value === 'string' && value !== '' && value.length <= longestId

export function isClerkObject(value: unknown): value is ClerkObject {
  const isObject = typeof value === 'object' && value !== null
  return isObject && !Array.isArray(value) && !isExactNumber(value)
}

/** The ids of the user and the organization that an event concerns. */
export type Concerned = { readonly [O in Owner]?: string }

/** Reads from Clerk's object whom an event concerns. */
export function readConcerned(concerns: Entity['concerns'], data: ClerkObject): Concerned {
  const user = concerns.user && idAt(data, concerns.user)
  const organization = concerns.organization && idAt(data, concerns.organization)
  return { ...(user ? { user } : {}), ...(organization ? { organization } : {}) }
}
