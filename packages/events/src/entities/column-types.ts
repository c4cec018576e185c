import { isExactNumber } from '@clerk-sync/ops'
import type { ExactNumber } from '@clerk-sync/ops'
import { longestId } from './entity.ts'

/** How a column is stored. Times are milliseconds in Clerk's JSON and timestamptz(3) in PostgreSQL. */
export type ColumnType = 'bigint' | 'boolean' | 'id' | 'jsonb' | 'text' | 'timestamptz'

interface Storage {
  readonly sql: Exclude<ColumnType, 'id'>
  /** Whether a value is as Clerk documents it. Null never comes here. */
  readonly accepts: (value: unknown) => boolean
  /** What the database can hold of any other value; null for nothing. */
  readonly hold: (value: unknown) => unknown
}

/** In milliseconds. PostgreSQL reads years above 9999 in another notation; Clerk's are far below. */
export const latestTime = Date.UTC(9999, 11, 31)
// The first of the year 1, which Go's programs send for no time at all.
const earliestTime = -62_135_596_800_000

// The 8 KB that Clerk allows for metadata nest 4,096 levels deep. JSON.stringify ends not far above.
const mostLevels = 4_100

const isoTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/

const nothing = () => null

export const columnTypes: { readonly [T in ColumnType]: Storage } = {
  text: { sql: 'text', accepts: (value) => typeof value === 'string', hold: nothing },
  // The B-trees on ids take no longer ones.
  id: { sql: 'text', accepts: isShortText, hold: nothing },
  boolean: { sql: 'boolean', accepts: (value) => typeof value === 'boolean', hold: nothing },
  bigint: { sql: 'bigint', accepts: isBigint, hold: toBigint },
  jsonb: { sql: 'jsonb', accepts: (value) => !isDeeperThan(mostLevels, value), hold: nothing },
  timestamptz: { sql: 'timestamptz', accepts: isTime, hold: toTime },
}

function isShortText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= longestId
}

function isBigint(value: unknown): boolean {
  if (!isExactNumber(value)) return Number.isInteger(value) && Math.abs(value as number) < 2 ** 63
  return (
    /^-?\d{1,20}$/.test(value.rawJSON) &&
    BigInt.asIntN(64, BigInt(value.rawJSON)) === BigInt(value.rawJSON)
  )
}

// 42.00 is the number 42.
function toBigint(value: unknown): number | ExactNumber | null {
  const whole = isExactNumber(value) ? value.rawJSON.replace(/\.0+$/, '') : ''
  const number = /^-?\d{1,20}$/.test(whole) ? JSON.rawJSON(whole) : null
  return number && isBigint(number) ? number : null
}

function isTime(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= latestTime
}

/** A time in milliseconds: of a number without its fraction, or of a text in ISO 8601; null for none. */
export function toTime(value: unknown): number | null {
  const time = Math.trunc(toNumber(value))
  return time >= earliestTime && time <= latestTime ? time : null
}

/** The number in milliseconds, also of a text in ISO 8601; NaN for anything else. */
export function toNumber(value: unknown): number {
  if (isExactNumber(value)) return Number(value.rawJSON)
  if (typeof value === 'string' && isoTime.test(value)) return Date.parse(value)
  return typeof value === 'number' ? value : Number.NaN
}

function isDeeperThan(most: number, value: unknown): boolean {
  let level = [value].filter(isNested)
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === most) return true
    level = level.flatMap((nested) => Object.values(nested)).filter(isNested)
  }
  return false
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null
