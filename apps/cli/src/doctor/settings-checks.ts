import { readConsoleConfig } from '@clerk-sync/console'
import { readIngestConfig } from '@clerk-sync/ingest'
import { ConfigError, readConfig } from '@clerk-sync/ops'
import type { Variable } from '@clerk-sync/ops'
import { readWorkerConfig } from '@clerk-sync/worker'
import { clerkApiUrl, optionalClerkSecretKey } from '@clerk-sync/events/backend-api'
import type { Check } from './check.ts'

/** What only the commands read. */
export const cliVariables = {
  CLERK_SECRET_KEY: optionalClerkSecretKey,
  CLERK_API_URL: clerkApiUrl,
}

const readers = {
  ingest: readIngestConfig,
  worker: readWorkerConfig,
  console: readConsoleConfig,
  'the commands': (env: NodeJS.ProcessEnv) => readConfig(cliVariables, env),
}

/** Checks that each process accepts its settings. The problems are those that the process would report. */
export function settingsChecks(env: NodeJS.ProcessEnv): Check[] {
  return Object.entries(readers).map(([name, read]) => ({
    name: `settings of ${name}`,
    async run() {
      read(env)
      return { status: 'ok', found: 'complete' }
    },
    onError: (reason, error) => {
      const cause = error instanceof ConfigError ? error.problems : [reason]
      return {
        status: 'problem',
        found: cause.length === 1 ? '1 problem' : `${cause.length} problems`,
        cause,
        cure: `set it right in the environment of ${name} or in .env; .env.example explains each`,
      }
    },
  }))
}

/** The value of one variable, if it is set and right. */
export type Setting<T> =
  | { readonly state: 'set'; readonly value: T }
  | { readonly state: 'unset' }
  | { readonly state: 'wrong' }

/** Reads one variable alone, so that a wrong one does not stop the checks of the others. */
export function readSetting<T>(
  schema: Variable<T>,
  text: string | undefined,
): Setting<NonNullable<T>> {
  const parsed = schema.safeParse(text || undefined)
  if (!parsed.success) return { state: 'wrong' }
  const { data } = parsed
  return data === undefined || data === null ? { state: 'unset' } : { state: 'set', value: data }
}
