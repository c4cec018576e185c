import type { ClerkObject, Column, ColumnType } from './entity.ts'

type Settings = { from?: string; required?: true; off?: true }

/** A column that takes the value at one path; the path is the column's own name unless given. */
export function column(name: string, type: ColumnType, settings: Settings = {}): Column {
  const { from = name, ...rest } = settings
  const steps = from.split('.')
  return { name, type, reads: [from], value: (data) => valueAt(data, steps), ...rest }
}

/** A column computed from several fields. */
export function derived(
  name: string,
  type: ColumnType,
  reads: readonly string[],
  value: Column['value'],
  settings: { off?: true } = {},
): Column {
  return { name, type, reads, value, ...settings }
}

function valueAt(data: ClerkObject, steps: readonly string[]): unknown {
  let value: unknown = data
  for (const step of steps) {
    if (!isClerkObject(value) || !Object.hasOwn(value, step)) return null
    value = value[step]
  }
  return value
}

/** The elements of an array field that are objects; anything else in it is passed over. */
export function itemsOf(data: ClerkObject, field: string): ClerkObject[] {
  const items = data[field]
  return Array.isArray(items) ? items.filter(isClerkObject) : []
}

export function isClerkObject(value: unknown): value is ClerkObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
