import { parseDeleteLimit } from '@clerk-sync/sync/delete-limit'
import type { DeleteLimit } from '@clerk-sync/sync'
import { InvalidArgumentError } from 'commander'

/** @throws {InvalidArgumentError} for anything but a whole number from 1. */
export const atLeastOne = (text: string) => wholeNumber(text, 1)

/** @throws {InvalidArgumentError} for anything but a whole number from 0. */
export const zeroOrMore = (text: string) => wholeNumber(text, 0)

function wholeNumber(text: string, least: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least) return value
  throw new InvalidArgumentError(`It must be ${least} or more.`)
}

/**
 * `50` rows, or `2%` of what Clerk has of an entity.
 *
 * @throws {InvalidArgumentError} for anything else.
 */
export function deleteLimit(text: string): DeleteLimit {
  const limit = parseDeleteLimit(text)
  if (limit) return limit
  throw new InvalidArgumentError('It must be a number of rows or a share, as in 2%.')
}

/**
 * A signing secret as Clerk's dashboard shows it; several are separated by spaces.
 *
 * @throws {InvalidArgumentError} for anything else.
 */
export function signingSecret(text: string): string {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '')
  const isRight =
    parts.length > 0 && parts.every((part) => /^whsec_[A-Za-z0-9+/]{4,}={0,2}$/.test(part))
  if (isRight) return text
  throw new InvalidArgumentError(
    "It must be whsec_ and base64, as Clerk's dashboard shows it under Webhooks, the endpoint, Signing Secret.",
  )
}

const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * A time span such as 90s, 2m or 1h in milliseconds; 0 is none.
 *
 * @throws {InvalidArgumentError} for anything else.
 */
export function timeSpan(text: string): number {
  const ms = text === '0' ? 0 : parseSpan(text)
  if (ms !== undefined) return ms
  throw new InvalidArgumentError('It must be a time span such as 90s, 2m or 1h, or 0.')
}

function parseSpan(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * unitsMs[unit as keyof typeof unitsMs]
}

/** A moment in milliseconds: 2h for two hours ago, or a time as ISO 8601 writes it; else undefined. */
export function parseMoment(text: string, now = Date.now()): number | undefined {
  const agoMs = parseSpan(text)
  if (agoMs !== undefined) return now - agoMs
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text)) {
    return undefined
  }
  // Without a zone a time is UTC, as everywhere here.
  const isLocal = text.includes('T') && !/(Z|[+-]\d{2}:\d{2})$/.test(text)
  const moment = Date.parse(isLocal ? `${text}Z` : text)
  return Number.isNaN(moment) ? undefined : moment
}
