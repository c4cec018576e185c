import { readConsoleConfig } from '@clerk-sync/console'
import { readIngestConfig } from '@clerk-sync/ingest'
import { ConfigError, readConfig } from '@clerk-sync/ops'
import { readWorkerConfig } from '@clerk-sync/worker'
import type { Check } from './check.ts'
import { cliVariables } from './cli-variables.ts'

const readers = {
  ingest: readIngestConfig,
  worker: readWorkerConfig,
  console: readConsoleConfig,
  'the commands': (env: NodeJS.ProcessEnv) => readConfig(cliVariables, env),
}

/** Whether each process would take its settings; its problems are in its own words. */
export function settingsChecks(env: NodeJS.ProcessEnv): Check[] {
  return Object.entries(readers).map(([name, read]) => ({
    name: `settings of ${name}`,
    async run() {
      read(env)
      return { status: 'ok', found: 'complete' }
    },
    onError: (reason, error) => {
      const cause = error instanceof ConfigError ? problemsIn(error) : [reason]
      return {
        status: 'problem',
        found: cause.length === 1 ? '1 problem' : `${cause.length} problems`,
        cause,
        cure: `set it right in the environment of ${name} or in .env; .env.example explains each`,
      }
    },
  }))
}

function problemsIn({ message }: ConfigError): string[] {
  const [, ...problems] = message.split('\n')
  return problems.map((problem) => problem.trim())
}
