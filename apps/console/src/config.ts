import { processVariables } from '@clerk-sync/ops/process'
import { clerkApiUrl, optionalClerkSecretKey } from '@clerk-sync/events/backend-api'
import {
  flag,
  host,
  optionalPostgresUrl,
  port,
  readConfig,
  tablesSchema,
  variable,
} from '@clerk-sync/ops'
import type { Settings } from '@clerk-sync/ops'
import { locateQueue, missingQueue, redisUrl } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import { z } from 'zod'
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
  CLERK_INSTANCE_ID: variable(z.string().optional(), 'ins_2abc'),
  CLERK_SECRET_KEY: optionalClerkSecretKey,
  CLERK_API_URL: clerkApiUrl,
  ...loginVariables,
}

export interface ClerkSettings {
  readonly secretKey: string
  readonly apiUrl: string
  /** The instance that the key has to be of; absent: the one that was read first. */
  readonly instanceId: string | undefined
}

export interface ConsoleConfig extends Settings<typeof processVariables> {
  readonly HOST: string
  readonly BOARD_PORT: number
  readonly queue: QueueLocation
  /** The database of the tables; without it the console shows only the queue. */
  readonly databaseUrl?: string | undefined
  /** How to read Clerk; without it nothing is compared or backfilled from here. */
  readonly clerk?: ClerkSettings | undefined
  readonly login: Login
  /** Whether the board shows the data of jobs. */
  readonly showData: boolean
}

/** @throws {ConfigError} that lists every problem. */
export function readConsoleConfig(env: NodeJS.ProcessEnv): ConsoleConfig {
  const problems = [...findLoginProblems(env), ...missingQueue(env)]
  const settings = readConfig(consoleVariables, env, problems)
  const { CLERK_SECRET_KEY: secretKey, CLERK_API_URL: apiUrl } = settings
  return {
    ...settings,
    queue: locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL }),
    databaseUrl: settings.DATABASE_URL,
    clerk: secretKey ? { secretKey, apiUrl, instanceId: settings.CLERK_INSTANCE_ID } : undefined,
    login: readLogin(settings),
    showData: settings.BOARD_SHOW_DATA,
  }
}
