import { z } from 'zod'
import { postgresConnection } from './postgres-connection.ts'
import { defaultTablesSchema, problemOfTablesSchema, withTablesSchemaOf } from './tables-schema.ts'
import { TlsParameterError } from './tls.ts'

// A longer timer fires at once.
const longestTimeoutMs = 2 ** 31 - 1

/**
 * An environment variable: the schema that reads it, the example that its error shows, and the names under
 * which it is often set by mistake.
 */
export type Variable<T> = z.ZodType<T> & {
  readonly example: string
  readonly mistakenNames?: readonly string[]
}

interface Variables {
  readonly [name: string]: Variable<unknown>
}
/** The values of variables, by their names. */
export type Settings<V extends Variables> = { [Name in keyof V]: z.output<V[Name]> }

/**
 * Everything that is wrong with the environment, one line per problem. Values are never shown, except
 * names of tables and fields.
 */
export class ConfigError extends Error {
  readonly code = 'ERR_CONFIG'
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`${headingOf(problems)}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

function headingOf(problems: readonly string[]): string {
  const missing = problems.filter((problem) => /\bis not set\b|\bSet [A-Z]+_/.test(problem))
  if (missing.length === 0) return 'settings are wrong'
  return missing.length === problems.length
    ? 'settings are missing'
    : 'settings are missing or wrong'
}

/** Makes a variable of a schema and an example. */
export function variable<T>(
  schema: z.ZodType<T>,
  example: string,
  mistakenNames: readonly string[] = [],
): Variable<T> {
  return Object.assign(schema, { example, mistakenNames })
}

/** The name under which a variable that is not set is set by mistake, if it is. */
export function mistakenNameOf(
  name: string,
  { mistakenNames = [] }: Variable<unknown>,
  env: NodeJS.ProcessEnv,
): string | undefined {
  return env[name] ? undefined : mistakenNames.find((other) => env[other])
}

/**
 * Reads these variables from the environment. An empty string means unset. `moreProblems` are
 * reported together with those of the single variables.
 *
 * @throws {ConfigError} that lists every problem, each with the variable's name and an example.
 */
export function readConfig<V extends Variables>(
  variables: V,
  env: NodeJS.ProcessEnv,
  moreProblems: readonly string[] = [],
): Settings<V> {
  const problems: string[] = []
  const settings: Record<string, unknown> = {}
  const complete = withTablesSchemaOf(env)
  for (const [name, schema] of Object.entries(variables)) {
    const parsed = schema.safeParse(complete[name] === '' ? undefined : complete[name])
    if (parsed.success) settings[name] = parsed.data
    else problems.push(problemOf(name, schema, env, parsed.error))
  }
  problems.push(...moreProblems)
  if (problems.length > 0) throw new ConfigError(problems)
  return settings as Settings<V>
}

/**
 * What each of these functions reads.
 *
 * @throws {ConfigError} that lists the problems of all, each once.
 */
export function readTogether<T extends Record<string, unknown>>(readers: {
  [Name in keyof T]: () => T[Name]
}): T {
  const problems = new Set<string>()
  const configs: Partial<T> = {}
  for (const name in readers) {
    try {
      configs[name] = readers[name]()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const problem of error.problems) problems.add(problem)
    }
  }
  if (problems.size > 0) throw new ConfigError([...problems])
  return configs as T
}

/** A TCP port. */
export function port(fallback: number): Variable<number> {
  return wholeNumber(fallback, 65_535, 'must be a port')
}

/** A number of milliseconds, at least 1. */
export function milliseconds(fallback: number): Variable<number> {
  const message = `must be a whole number of milliseconds, 1 to ${longestTimeoutMs}`
  return wholeNumber(fallback, longestTimeoutMs, message)
}

/** A whole number from 1 to `max`. */
export function count(fallback: number, max: number): Variable<number> {
  return wholeNumber(fallback, max, `must be a whole number, 1 to ${max}`)
}

/** A whole number of days. `why` gives the reason for `min`. */
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

/** The PostgreSQL schema of the tables. `readConfig` puts it into the URLs. */
export const tablesSchema: Variable<string> = variable(
  z
    .string()
    .superRefine((name, context) => {
      const message = problemOfTablesSchema(name)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    })
    .default(defaultTablesSchema),
  defaultTablesSchema,
)

/** An address to listen on. */
export const host: Variable<string> = variable(z.string().default('0.0.0.0'), '0.0.0.0')

const postgresProtocol = hasProtocol('postgres:', 'postgresql:')
const postgresSchema = z.string().superRefine((text, context) => {
  const message = problemOfPostgresUrl(text)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})
const postgresExample = 'postgresql://user:password@localhost:5432/app'

/** The URL of a PostgreSQL database. */
export const postgresUrl: Variable<string> = variable(postgresSchema, postgresExample)
/** The URL of a PostgreSQL database, or undefined. */
export const optionalPostgresUrl: Variable<string | undefined> = variable(
  postgresSchema.optional(),
  postgresExample,
)

function problemOfPostgresUrl(text: string): string | undefined {
  if (!postgresProtocol(text)) return 'must be a postgresql:// URL'
  try {
    postgresConnection(text)
    return undefined
  } catch (error) {
    if (error instanceof TlsParameterError) return error.message
    throw error
  }
}

/** Makes a test whether a text is a URL with one of these protocols, such as `https:`. */
export function hasProtocol(...protocols: string[]): (text: string) => boolean {
  return (text) => {
    const url = URL.parse(text)
    return url !== null && protocols.includes(url.protocol)
  }
}

function wholeNumber(fallback: number, max: number, message: string, min = 1): Variable<number> {
  return variable(
    z.coerce.number(message).int(message).min(min, message).max(max, message).default(fallback),
    String(fallback),
  )
}

function problemOf(
  name: string,
  schema: Variable<unknown>,
  env: NodeJS.ProcessEnv,
  error: z.ZodError,
): string {
  const mistaken = mistakenNameOf(name, schema, env)
  if (mistaken !== undefined) return `${name} is not set, but ${mistaken} is: rename it to ${name}`
  const reason = env[name] ? error.issues.map((issue) => issue.message).join(', ') : 'is not set'
  return `${name} ${reason}. Example: ${name}=${schema.example}`
}
