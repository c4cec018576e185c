import type { Logger } from 'pino'

// Package managers forward the terminal's signal, so one Ctrl-C arrives twice.
const sameSignalMs = 1_000

/**
 * On the first SIGTERM, SIGINT or SIGHUP, closes and exits with 0, or with 1 when closing fails or
 * takes longer than `timeoutMs`. A second signal, a second later or more, exits with 130 at once.
 */
export function shutDownOnSignal(options: {
  logger: Logger
  timeoutMs: number
  close(): Promise<void>
}): void {
  const { logger, timeoutMs } = options
  let closingSince: number | undefined

  async function shutDown(signal: NodeJS.Signals): Promise<void> {
    if (closingSince !== undefined) {
      if (Date.now() - closingSince > sameSignalMs) process.exit(130)
      return
    }
    closingSince = Date.now()
    logger.info({ signal }, 'stopping')
    setTimeout(() => {
      logger.error({ timeoutMs }, 'did not stop in time; unfinished jobs run again elsewhere')
      process.exit(1)
    }, timeoutMs)
    try {
      await options.close()
      logger.info('stopped')
      process.exit(0)
    } catch (error) {
      logger.error({ error }, 'did not stop cleanly')
      process.exit(1)
    }
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => void shutDown(signal))
  }
}
