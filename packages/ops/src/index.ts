export { createBatcher } from './batcher.ts'
export {
  ConfigError,
  count,
  days,
  flag,
  hasProtocol,
  host,
  milliseconds,
  mistakenNameOf,
  oneOf,
  optionalPostgresUrl,
  port,
  postgresUrl,
  readConfig,
  readTogether,
  tablesSchema,
  variable,
} from './config.ts'
export type { Settings, Variable } from './config.ts'
export { createErrorLog } from './error-log.ts'
export type { PlainLogger } from './error-log.ts'
export { createLogLimit, createSilenceWatch } from './log-limit.ts'
export { errorMessage } from './error-message.ts'
export { holdsExactNumber, isExactNumber, parseJson } from './exact-json.ts'
export type { ExactNumber } from './exact-json.ts'
export { explainPostgres, postgresConnection } from './postgres-connection.ts'
export { isNetworkErrorCode, isPostgresOutage, isUnavailableSqlState } from './postgres-outage.ts'
export { watchWaiting } from './postgres-waiting.ts'
export { isPackaged, readVersion } from './release.ts'
export { retry } from './retry.ts'
export type { RetryOptions } from './retry.ts'
export { splitNames } from './split-names.ts'
export {
  defaultTablesSchema,
  problemOfTablesSchema,
  inTablesSchema,
  tablesSchemaOf,
  withoutTablesSchema,
  withTablesSchema,
  withTablesSchemaOf,
} from './tables-schema.ts'
export { explainTls, readTlsParameters, tlsParameters, TlsParameterError } from './tls.ts'
export type { ConnectionAdvice, TlsOptions } from './tls.ts'
export { waitAtMost, withTimeout } from './timeout.ts'
export {
  inSpan,
  isTracing,
  markFailed,
  readTraceContext,
  tracer,
  writeTraceContext,
} from './tracing/spans.ts'
export { wellFormed } from './well-formed.ts'
