import { pino } from 'pino'
import type { DestinationStream, Level, Logger } from 'pino'
import { reasonOf } from './reason.ts'

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
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
    },
    destination,
  )
}

// Not the whole error: a driver's error carries the statement's parameters along.
function describeError(error: unknown): unknown {
  const message = reasonOf(error)
  if (!(error instanceof Error)) return { message }
  const code = 'code' in error ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) }
  return { type: error.name, message, ...code, ...cause }
}
