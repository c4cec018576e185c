import { createDatabase } from '@clerk-sync/db'
import { localUrl } from '@clerk-sync/ops/process'
import type { App, Logger, Ops } from '@clerk-sync/ops/process'
import {
  checkQueue,
  createQueueErrorLog,
  openQueue,
  openScheduleReader,
  registerQueueMetrics,
  reportProcess,
} from '@clerk-sync/queue'
import { buildConsole } from './app.ts'
import { buildBoard } from './board/board.ts'
import type { ConsoleConfig } from './config.ts'
import { createRefusedLogins } from './login/refused-logins.ts'
import { boardPath } from './render-page.ts'
import { createReplayRuns } from './replay/replay-runs.ts'
import { createSyncRuns } from './sync/sync-runs.ts'
import { createSyncedReader } from './sync/synced-state.ts'

// Its pages only read, and must not hold up who writes.
const databaseOptions = { maxConnections: 3, statementTimeoutMs: 5_000 }

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
  const onError = createQueueErrorLog(logger)
  const opened = openQueue(config.queue, { onOpen: (queue) => board.show(queue), onError })
  const tables = config.databaseUrl
    ? openTables(config, config.databaseUrl, { logger, onError })
    : undefined
  const runs = createReplayRuns(opened, logger)
  const refused = createRefusedLogins(logger, ops.registry)
  const app = buildConsole({
    board: board.plugin,
    db: tables?.db,
    login,
    logger,
    queue: opened,
    refused,
    runs,
    showData,
    synced: tables?.synced,
    syncRuns: tables?.syncRuns,
  })
  registerQueueMetrics(ops.registry, opened)
  try {
    await app.listen({ port: config.BOARD_PORT, host: config.HOST })
  } catch (error) {
    await Promise.all([opened.close(), tables?.close()])
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
      await Promise.all([runs.close(), tables?.syncRuns?.close()])
      await app.close()
      refused.close()
      await reporting.stop()
      await Promise.all([opened.close(), tables?.close()])
    },
  }
}

/** Opens what the pages show of the tables, and what they run. */
function openTables(
  { clerk, queue }: ConsoleConfig,
  databaseUrl: string,
  { logger, onError }: { logger: Logger; onError: (error: Error) => void },
) {
  const db = createDatabase({ url: databaseUrl, ...databaseOptions })
  const schedule = openScheduleReader(queue, onError)
  const synced = createSyncedReader(db, schedule)
  return {
    db,
    synced,
    syncRuns: clerk && createSyncRuns({ databaseUrl, clerk, db, logger }),
    async close() {
      await Promise.all([synced.close(), schedule.close()])
      await db.close()
    },
  }
}
