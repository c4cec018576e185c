import { processVariables } from '@clerk-sync/ops/process'
import { clerkApiUrl, optionalClerkSecretKey } from '@clerk-sync/events/backend-api'
import { flag, host, optionalPostgresUrl, port, readConfig, tablesSchema } from '@clerk-sync/ops'
import type { Settings } from '@clerk-sync/ops'
import { locateQueue, missingQueue, redisUrl } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import type { Login } from './login/login.ts'
import { findLoginProblems, loginVariables, readLogin } from './login/login-settings.ts'

export const consoleVariables = {
  ...processVariables,
  TABLES_SCHEMA: tablesSchema,
  REDIS_URL: redisUrl,
  DATABASE_URL: optionalPostgresUrl,
  BOARD_PORT: port(3001),
  HOST: host,
  BOARD_SHOW_DATA: flag(false),
  CLERK_SECRET_KEY: optionalClerkSecretKey,
  CLERK_API_URL: clerkApiUrl,
  ...loginVariables,
}

export interface ConsoleConfig extends Settings<typeof processVariables> {
  readonly HOST: string
  readonly BOARD_PORT: number
  readonly queue: QueueLocation
  readonly login: Login
  /** Whether the board shows the data of jobs. */
  readonly showData: boolean
}

/** @throws {ConfigError} that lists every problem. */
export function readConsoleConfig(env: NodeJS.ProcessEnv): ConsoleConfig {
  const problems = [...findLoginProblems(env), ...missingQueue(env)]
  const settings = readConfig(consoleVariables, env, problems)
  return {
    ...settings,
    queue: locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL }),
    login: readLogin(settings),
    showData: settings.BOARD_SHOW_DATA,
  }
}
