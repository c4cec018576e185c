export type { App, Check, Ops } from './app.ts'
export { ConfigError, readConfig, variable } from './config.ts'
export type { Settings, Variable } from './config.ts'
export { createRegistry } from './create-registry.ts'
export { createErrorLog } from './error-log.ts'
export { fieldsLeftOut, keptBy, keptVariables } from './kept-variables.ts'
export { createLogger } from './logger.ts'
export type { Logger } from 'pino'
export { createOpsServer } from './ops-server.ts'
export { reasonOf } from './reason.ts'
export { runProcess, startProblem } from './run-process.ts'
export { shutDownOnSignal } from './shutdown.ts'
export { startTracing } from './tracing.ts'
export { tracingVariables } from './tracing-settings.ts'
export {
  clerkApiUrl,
  clerkSecretKey,
  count,
  databaseUrl,
  days,
  flag,
  host,
  milliseconds,
  missingQueue,
  oneOf,
  optionalClerkSecretKey,
  optionalDatabaseUrl,
  optionalRedisUrl,
  port,
  processVariables,
} from './variables.ts'
