import { milliseconds, oneOf, port } from '../variables.ts'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** What every process reads. */
export const processVariables = {
  OPS_PORT: port(9464),
  LOG_LEVEL: oneOf(logLevels, 'info'),
  SHUTDOWN_TIMEOUT_MS: milliseconds(10_000),
}
