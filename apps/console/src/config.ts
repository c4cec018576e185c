import {
  host,
  missingQueue,
  optionalDatabaseUrl,
  optionalRedisUrl,
  port,
  processVariables,
  readConfig,
  variable,
} from '@clerk-sync/ops'
import type { Settings } from '@clerk-sync/ops'
import { locateQueue } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import { z } from 'zod'
import type { Login } from './login.ts'

const whyLogin =
  'The board shows and changes production jobs: it never opens without a login, so BOARD_USER and BOARD_PASSWORD must both be set.'
export const consoleVariables = {
  ...processVariables,
  REDIS_URL: optionalRedisUrl,
  DATABASE_URL: optionalDatabaseUrl,
  BOARD_PORT: port(3001),
  HOST: host,
  BOARD_USER: variable(
    // RFC 7617: the first colon ends the user's name.
    z.string().regex(/^[^:\p{Cc}]+$/u, 'must not contain a colon or a control character'),
    'admin',
  ),
  BOARD_PASSWORD: variable(
    z
      .string()
      .min(12, 'must have 12 characters or more')
      .regex(/^\P{Cc}*$/u, 'must not contain a control character'),
    '<12 random characters or more>',
  ),
}

export interface ConsoleConfig extends Settings<typeof processVariables> {
  readonly HOST: string
  readonly BOARD_PORT: number
  readonly queue: QueueLocation
  readonly login: Login
}

/** @throws {ConfigError} that lists every problem. */
export function readConsoleConfig(env: NodeJS.ProcessEnv): ConsoleConfig {
  const settings = readConfig(consoleVariables, env, [...missingLogin(env), ...missingQueue(env)])
  return {
    ...settings,
    queue: locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL }),
    login: { user: settings.BOARD_USER, password: settings.BOARD_PASSWORD },
  }
}

function missingLogin(env: NodeJS.ProcessEnv): string[] {
  return env['BOARD_USER'] && env['BOARD_PASSWORD'] ? [] : [whyLogin]
}
