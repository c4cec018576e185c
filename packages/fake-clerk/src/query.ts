import { invalidParameter, notImplemented } from './refusal.ts'

/** A page of a list. */
export interface Page {
  limit: number
  offset: number
}

/** The order of a list. */
export interface Order {
  field: string
  descending: boolean
}

const maxLimit = 500
const maxValues = 100

/** Reads `limit`, 1 to 500 and 10 by default, and `offset`. */
export function readPage(query: URLSearchParams): Page {
  const limit = readInteger(query, 'limit') ?? 10
  if (limit < 1 || limit > maxLimit) {
    throw invalidParameter('limit', `limit must be between 1 and ${maxLimit}`)
  }
  const offset = readInteger(query, 'offset') ?? 0
  if (offset < 0) throw invalidParameter('offset', 'offset must be at least 0')
  return { limit, offset }
}

/** Reads `order_by`: a field with `+` or nothing for ascending, `-` for descending order. */
export function readOrder(
  query: URLSearchParams,
  fields: readonly string[],
  fallback = '-created_at',
): Order {
  // A `+` that was not encoded arrives as a space, which no field begins with.
  const value = query.get('order_by') ?? fallback
  const field = value.replace(/^[+-]/, '')
  if (!fields.includes(field)) throw invalidValue('order_by', value, fields)
  return { field, descending: value.startsWith('-') }
}

/** Reads an integer, or undefined when it isn't there. */
export function readInteger(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name)
  if (value === null) return undefined
  if (!/^-?\d{1,15}$/.test(value))
    throw invalidParameter(name, `\`${name}\` must be a \`integer\`.`)
  return Number(value)
}

/** Reads a boolean, or undefined when it isn't there. */
export function readBoolean(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name)
  if (value === null) return undefined
  if (value !== 'true' && value !== 'false') throw invalidValue(name, value, ['true', 'false'])
  return value === 'true'
}

/** Reads all values of a parameter that may be repeated up to 100 times; undefined for none. */
export function readValues(
  query: URLSearchParams,
  name: string,
  allowed?: readonly string[],
): string[] | undefined {
  const values = query.getAll(name)
  if (values.length > maxValues) {
    throw invalidParameter(name, `${name} accepts up to ${maxValues} values`)
  }
  for (const value of values) {
    if (allowed && !allowed.includes(value)) throw invalidValue(name, value, allowed)
  }
  return values.length === 0 ? undefined : values
}

/** Values to include, undefined for all, and values to exclude. */
export interface Choice {
  included: string[] | undefined
  excluded: string[]
}

/** Reads a repeatable parameter whose values carry `+` or nothing to include, `-` to exclude. */
export function readChoice(query: URLSearchParams, name: string): Choice {
  const values = readValues(query, name) ?? []
  const included = values.filter((value) => !value.startsWith('-'))
  return {
    included: included.length === 0 ? undefined : included.map((value) => value.replace(/^\+/, '')),
    excluded: values.filter((value) => value.startsWith('-')).map((value) => value.slice(1)),
  }
}

/** Whether a choice lets a value pass. */
export function isChosen({ included, excluded }: Choice, value: string): boolean {
  return (included === undefined || included.includes(value)) && !excluded.includes(value)
}

/** Refuses parameters that Clerk heeds and the fake doesn't, lest it answers with too much. */
export function refuseParameters(query: URLSearchParams, names: readonly string[]): void {
  for (const name of names) {
    if (query.has(name)) throw notImplemented(`the parameter ${name}`)
  }
}

function invalidValue(name: string, value: string, allowed: readonly string[]) {
  return invalidParameter(
    name,
    `${value} does not match the allowed values for parameter ${name}. Allowed values: ${allowed.join(', ')}`,
  )
}
