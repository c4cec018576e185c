import { z } from 'zod'
import { variable } from './config.ts'
import type { Variable } from './config.ts'

// A longer timer fires at once.
const longestTimeoutMs = 2 ** 31 - 1

/** A TCP port, with a default where one is usual. */
export function port(fallback: number): Variable<number> {
  return wholeNumber(fallback, 65_535, 'must be a port')
}

/** A number of milliseconds. */
export function milliseconds(fallback: number): Variable<number> {
  const message = `must be a whole number of milliseconds, 1 to ${longestTimeoutMs}`
  return wholeNumber(fallback, longestTimeoutMs, message)
}

/** A whole number from 1 to `max`. */
export function count(fallback: number, max: number): Variable<number> {
  return wholeNumber(fallback, max, `must be a whole number, 1 to ${max}`)
}

/** A whole number of days; `why` says where the least comes from. */
export function days(
  fallback: number,
  { min, max, why }: { min: number; max: number; why: string },
): Variable<number> {
  return wholeNumber(fallback, max, `must be a whole number of days, ${min} to ${max}: ${why}`, min)
}

/** true or false. */
export function flag(fallback: boolean): Variable<boolean> {
  const schema = z
    .enum(['true', 'false'], 'must be true or false')
    .transform((text) => text === 'true')
    .default(fallback)
  return variable(schema, String(fallback))
}

/** One of these words. */
export function oneOf<Word extends string>(
  words: readonly Word[],
  fallback: NoInfer<Word>,
): Variable<Word> {
  const schema = z.enum(words, `must be one of ${words.join(', ')}`).optional()
  return variable(
    schema.transform((word): Word => word ?? fallback),
    fallback,
  )
}

/** The names in a list that is separated by commas or spaces. */
export function splitNames(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== '')
}

function wholeNumber(fallback: number, max: number, message: string, min = 1): Variable<number> {
  return variable(
    z.coerce.number(message).int(message).min(min, message).max(max, message).default(fallback),
    String(fallback),
  )
}

export const host: Variable<string> = variable(z.string().default('0.0.0.0'), '0.0.0.0')

const postgresProtocol = hasProtocol('postgres:', 'postgresql:')
const postgresSchema = z.string().refine(postgresProtocol, 'must be a postgresql:// URL')
const postgresExample = 'postgresql://user:password@localhost:5432/app'

/** Where a PostgreSQL is. */
export const postgresUrl: Variable<string> = variable(postgresSchema, postgresExample)
export const optionalPostgresUrl: Variable<string | undefined> = variable(
  postgresSchema.optional(),
  postgresExample,
)

/** Whether a text is a URL with one of these protocols, such as `https:`. */
export function hasProtocol(...protocols: string[]): (text: string) => boolean {
  return (text) => {
    const url = URL.parse(text)
    return url !== null && protocols.includes(url.protocol)
  }
}
