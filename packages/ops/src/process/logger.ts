import { pino } from 'pino'
import type { DestinationStream, Level, Logger } from 'pino'
import { readActiveTrace } from '../tracing/active-trace.ts'
import { withoutLogins, withoutSecrets } from './without-secrets.ts'

/**
 * JSON lines on stdout, or on the given stream. They are written at once: pino's buffer lets the
 * last lines of a process, those about its end, come out of order.
 */
export function createLogger(
  options: { name: string; level: Level | 'silent' },
  destination: DestinationStream = pino.destination({ dest: 1, sync: true }),
): Logger {
  return pino(
    {
      name: options.name,
      level: options.level,
      base: { name: options.name },
      timestamp: pino.stdTimeFunctions.isoTime,
      errorKey: 'error',
      mixin: readActiveTrace,
      // pino's own `redact` knows a fixed depth, and takes 70 µs a line for these names.
      formatters: { level: (label) => ({ level: label }), log: toLoggable },
      hooks: { streamWrite: withoutLogins },
      // formatters.log has described the errors already.
      serializers: { err: (described: unknown) => described },
    },
    destination,
  )
}

function toLoggable(fields: object): Record<string, unknown> {
  return withoutSecrets(fields) as Record<string, unknown>
}
