import { localUrl } from '@clerk-sync/ops/process'
import type { App, Ops } from '@clerk-sync/ops/process'
import {
  checkQueue,
  createQueueErrorLog,
  openQueue,
  registerQueueMetrics,
  reportProcess,
} from '@clerk-sync/queue'
import { buildConsole } from './app.ts'
import { buildBoard } from './board/board.ts'
import type { ConsoleConfig } from './config.ts'
import { createRefusedLogins } from './login/refused-logins.ts'
import { boardPath } from './render-page.ts'
import { createReplayRuns } from './replay/replay-runs.ts'

export interface Console extends App {
  /** The URL of its home page on this machine. */
  readonly url: string
  /** The board's URL on this machine. */
  readonly boardUrl: string
}

/** Starts the console. It also starts while the queue is unavailable and shows it once it answers. */
export async function startConsole(config: ConsoleConfig, ops: Ops): Promise<Console> {
  const logger = ops.logger.child({ app: 'console' })
  const { login, showData } = config
  const board = buildBoard({ logger, showData })
  const opened = openQueue(config.queue, {
    onOpen: (queue) => board.show(queue),
    onError: createQueueErrorLog(logger),
  })
  const runs = createReplayRuns(opened, logger)
  const refused = createRefusedLogins(logger, ops.registry)
  const app = buildConsole({ board: board.plugin, login, logger, queue: opened, refused, runs })
  registerQueueMetrics(ops.registry, opened)
  try {
    await app.listen({ port: config.BOARD_PORT, host: config.HOST })
  } catch (error) {
    await opened.close()
    throw error
  }
  const url = localUrl(app.server)
  logger.info({ url }, 'the console is open')
  const checks = [{ name: 'queue', run: () => checkQueue(opened) }]
  const reporting = reportProcess(ops, opened, { name: 'console', checks })
  return {
    name: 'console',
    url,
    boardUrl: `${url}${boardPath}`,
    checks,
    async close() {
      await runs.close()
      await app.close()
      refused.close()
      await reporting.stop()
      await opened.close()
    },
  }
}
