export { ConfigError, readConfig, variable } from './config.ts'
export type { Settings, Variable } from './config.ts'
export { errorMessage } from './error-message.ts'
export { isNetworkErrorCode, isPostgresOutage, isUnavailableSqlState } from './postgres-outage.ts'
export { retry } from './retry.ts'
export type { RetryOptions } from './retry.ts'
export { waitAtMost, withTimeout } from './timeout.ts'
export { inSpan, markFailed, tracer } from './tracing/in-span.ts'
export { readTraceContext, writeTraceContext } from './tracing/trace-context.ts'
export {
  count,
  days,
  flag,
  hasProtocol,
  host,
  milliseconds,
  oneOf,
  optionalPostgresUrl,
  port,
  postgresUrl,
  splitNames,
} from './variables.ts'
