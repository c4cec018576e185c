import type { z } from 'zod'

/** One environment variable: how it is read, and an example for whoever set it wrongly. */
export type Variable<T> = z.ZodType<T> & { readonly example: string }

export interface Variables {
  readonly [name: string]: Variable<unknown>
}
export type Settings<V extends Variables> = { [Name in keyof V]: z.output<V[Name]> }

/**
 * Everything that is wrong with the environment, one line a variable. Values are never quoted, but
 * for names of tables and fields.
 */
export class ConfigError extends Error {
  readonly code = 'ERR_CONFIG'
  override readonly name = 'ConfigError'
}

/** Gives a schema the example that its error shows. */
export function variable<T>(schema: z.ZodType<T>, example: string): Variable<T> {
  return Object.assign(schema, { example })
}

/**
 * Reads these variables from the environment. An empty string means unset. `further` are problems
 * of several variables together, which are reported along with those of each.
 *
 * @throws {ConfigError} that lists every problem, each with the variable's name and an example.
 */
export function readConfig<V extends Variables>(
  variables: V,
  env: NodeJS.ProcessEnv,
  further: readonly string[] = [],
): Settings<V> {
  const problems: string[] = []
  const settings: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(variables)) {
    const parsed = schema.safeParse(env[name] === '' ? undefined : env[name])
    if (parsed.success) settings[name] = parsed.data
    else problems.push(problemOf(name, schema, env[name], parsed.error))
  }
  problems.push(...further.map((problem) => `  ${problem}`))
  if (problems.length > 0) {
    throw new ConfigError(`the configuration is not complete:\n${problems.join('\n')}`)
  }
  return settings as Settings<V>
}

function problemOf(
  name: string,
  schema: Variable<unknown>,
  value: string | undefined,
  error: z.ZodError,
): string {
  const reason = value ? error.issues.map((issue) => issue.message).join(', ') : 'is not set'
  return `  ${name} ${reason}. Example: ${name}=${schema.example}`
}
