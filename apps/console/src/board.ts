import { createBullBoard } from '@bull-board/api'
import type { ErrorTranslationKey, HTTPStatus, UIConfig } from '@bull-board/api/typings/app'
import { FastifyAdapter } from '@bull-board/fastify'
import type { Logger } from '@clerk-sync/ops/process'
import type { OpenQueue } from '@clerk-sync/queue'
import type { FastifyPluginCallback } from 'fastify'
import { EventQueueAdapter } from './event-queue-adapter.ts'

const uiConfig: UIConfig = {
  boardTitle: 'clerk-sync',
  // In seconds, for every open tab. Each round reads all counts and a page of jobs.
  pollingInterval: { forceInterval: 5, showSetting: false },
  // Each round would list all clients of Redis.
  showWorkers: false,
  hideRedisDetails: true,
  hideDocsLink: true,
}

export interface Board {
  readonly plugin: FastifyPluginCallback
  /** From now on the board shows this queue. */
  show(queue: OpenQueue['queue']): void
}

export interface BoardDeps {
  readonly logger: Logger
  /** Whether it shows what is in a job, too. */
  readonly showData: boolean
}

/** Bull Board for a browser that finds it under `path`. It brings no login of its own. */
export function buildBoard(path: string, { logger, showData }: BoardDeps): Board {
  const adapter = new FastifyAdapter().setBasePath(path)
  const { replaceQueues } = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: { uiConfig },
  })
  // Bull Board's own handler sends stack traces when NODE_ENV is development.
  adapter.setErrorHandler((error) => {
    const status = statusOf(error)
    if (status >= 500) logger.warn({ error }, 'the board could not answer')
    return { status, body: { error: { key: headlineOf(status) }, message: error.message } }
  })
  return {
    plugin: adapter.registerPlugin(),
    show: (queue) => replaceQueues([new EventQueueAdapter(queue, { showData })]),
  }
}

function statusOf(error: Error): HTTPStatus {
  const status = 'statusCode' in error ? Number(error.statusCode) : 500
  return (status >= 400 && status < 500 ? status : 500) as HTTPStatus
}

function headlineOf(status: number): ErrorTranslationKey {
  if (status >= 500) return 'ERRORS.INTERNAL_SERVER_ERROR'
  return status === 401 ? 'ERRORS.FORBIDDEN' : 'ERRORS.INVALID_REQUEST_BODY'
}
