import { pino } from 'pino'
import type { DestinationStream, Level, Logger } from 'pino'

/** JSON lines on stdout, or on the given stream. */
export function createLogger(
  options: { name: string; level: Level | 'silent' },
  destination: DestinationStream = pino.destination(1),
): Logger {
  return pino(
    {
      name: options.name,
      level: options.level,
      base: { name: options.name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
    },
    destination,
  )
}

// Not the whole error: a driver's error carries the statement's parameters along.
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  const code = 'code' in error ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) }
  return { type: error.name, message: error.message, ...code, ...cause }
}
