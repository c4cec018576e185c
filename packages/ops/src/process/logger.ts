import { pino } from 'pino'
import type { DestinationStream, Level, Logger } from 'pino'
import { describeError } from '../error-message.ts'
import { readActiveTrace } from '../tracing/spans.ts'

// Parts of the names of headers, settings and drivers' fields that must not be logged.
const secretNames =
  /authorization|cookie|passw|secret|token|signature|api_?key|(database|redis|connection)_?(url|string)/i
// The user and the password in a URL.
const logins = /:\/\/[^\s"]*@/g
const redacted = '[redacted]'

/**
 * Creates a logger that writes JSON lines to stdout, or to the given stream. It never writes secrets.
 * Lines are written at once: with pino's buffer, the last lines of a process come out of order.
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
      // pino's own `redact` reaches a fixed depth only, and takes 70 µs a line for these names.
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => withoutSecrets(fields) as Record<string, unknown>,
      },
      hooks: { streamWrite: (line) => line.replace(logins, `://${redacted}@`) },
      // formatters.log has described the errors already.
      serializers: { err: (described: unknown) => described },
    },
    destination,
  )
}

// A copy without the values of secret names, at any depth.
function withoutSecrets(value: unknown, seen = new WeakSet<object>()): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return describeError(value)
  // Some objects, such as a request, contain themselves.
  if (seen.has(value)) return '[seen]'
  seen.add(value)
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return withoutSecrets(value.toJSON(), seen)
  }
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, seen))
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      secretNames.test(name) ? redacted : withoutSecrets(inner, seen),
    ]),
  )
}
