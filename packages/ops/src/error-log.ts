import { createLogLimit } from './log-limit.ts'

type Log = (fields: object, message: string) => void

/** What is needed of a logger; those of pino and Fastify fit, and so does an application's own. */
export interface PlainLogger {
  readonly info: Log
  readonly warn: Log
  readonly error: Log
}

interface ErrorLogOptions {
  /** Default: warn. */
  readonly level?: 'warn' | 'error'
  /** Milliseconds. Default: 10 s. */
  readonly everyMs?: number
}

/**
 * A listener that logs the first error at once, and then at most one every `everyMs` milliseconds,
 * with the number of errors left out. During an outage every connection reports every attempt.
 */
export function createErrorLog(
  logger: PlainLogger,
  text: string,
  { level = 'warn', everyMs = 10_000 }: ErrorLogOptions = {},
): (error: Error) => void {
  const next = createLogLimit(everyMs)
  return (error) => {
    const leftOut = next('')
    if (leftOut !== undefined) logger[level]({ error, ...(leftOut > 0 && { leftOut }) }, text)
  }
}
