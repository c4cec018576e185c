import { createErrorLog } from '@clerk-sync/ops'
import type { App, Ops } from '@clerk-sync/ops'
import { openQueue } from '@clerk-sync/queue'
import { boardPath, buildConsole } from './app.ts'
import { buildBoard } from './board.ts'
import type { ConsoleConfig } from './config.ts'

export interface Console extends App {
  /** The board, as seen from this machine. */
  readonly boardUrl: string
}

/** Opens the console. It starts without the queue, too, and shows it once it is there. */
export async function startConsole(
  config: ConsoleConfig,
  ops: Pick<Ops, 'logger'>,
): Promise<Console> {
  const logger = ops.logger.child({ app: 'console' })
  const board = buildBoard(boardPath, logger)
  const app = buildConsole({ board: board.plugin, login: config.login, logger })
  const opened = openQueue(config.queue, {
    onOpen: (queue) => board.show(queue),
    onError: createErrorLog(logger, 'the queue has trouble'),
  })
  try {
    await app.listen({ port: config.BOARD_PORT, host: config.HOST })
  } catch (error) {
    await opened.close()
    throw error
  }
  const address = app.server.address()
  const port = typeof address === 'object' && address ? address.port : config.BOARD_PORT
  const boardUrl = `http://127.0.0.1:${port}${boardPath}`
  logger.info({ boardUrl }, 'the board is open')
  return {
    name: 'console',
    boardUrl,
    checks: [{ name: 'queue', run: async () => void (await opened.queue.getJobState('ping')) }],
    async close() {
      await app.close()
      await opened.close()
    },
  }
}
