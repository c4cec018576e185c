import type { Logger } from 'pino'

const usualEveryMs = 10_000

/**
 * A listener that logs an error at once and then, while more of them come, one every 10 s, or every
 * `everyMs`, with the number left out: during an outage each connection reports each try to connect.
 */
export function createErrorLog(
  logger: Logger,
  text: string,
  everyMs = usualEveryMs,
): (error: Error) => void {
  let nextAt = 0
  let leftOut = 0
  return (error) => {
    const now = Date.now()
    if (now < nextAt) {
      leftOut++
      return
    }
    logger.warn({ error, ...(leftOut > 0 ? { leftOut } : {}) }, text)
    nextAt = now + everyMs
    leftOut = 0
  }
}
