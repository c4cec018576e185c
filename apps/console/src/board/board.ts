import { createBullBoard } from '@bull-board/api'
import type { ErrorTranslationKey, HTTPStatus, UIConfig } from '@bull-board/api/typings/app'
import { FastifyAdapter } from '@bull-board/fastify'
import type { Logger } from '@clerk-sync/ops/process'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import { boardPath } from '../render-page.ts'
import { staticPath } from '../static-files.ts'
import { EventQueueAdapter } from './event-queue-adapter.ts'

// The content security policy blocks it; every visitor's browser would log an error.
const googleFonts = /<link href="https:\/\/fonts\.googleapis\.com\/[^>]*>/g

const uiConfig: UIConfig = {
  boardTitle: 'clerk-sync',
  // Seconds. Each open tab reads all counts and a page of jobs every time.
  pollingInterval: { forceInterval: 5, showSetting: false },
  // It would list all clients of Redis every time.
  showWorkers: false,
  hideRedisDetails: true,
  hideDocsLink: true,
}

export interface Board {
  readonly plugin: FastifyPluginCallback
  /** Makes the board show this queue. */
  show(opened: OpenQueue): void
}

export interface BoardDeps {
  readonly logger: Logger
  /** Whether the board shows the data of jobs. */
  readonly showData: boolean
}

/** Bull Board under `boardPath`. It has no login of its own. */
export function buildBoard({ logger, showData }: BoardDeps): Board {
  const adapter = new FastifyAdapter().setBasePath(boardPath)
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
    show: (opened) => replaceQueues([new EventQueueAdapter(bullQueueOf(opened), { showData })]),
  }
}

/**
 * Changes Bull Board's page: no font from Google, no buttons for what the console refuses, a link to
 * the replay page, and a script that renews sessions of Clerk.
 */
export function adjustBoardPage(
  scope: FastifyInstance,
  { hasSessions }: { hasSessions: boolean },
): void {
  const style = `<link rel="stylesheet" href="${staticPath}/board.css">`
  const script = hasSessions ? `<script src="${staticPath}/session.js"></script>` : ''
  const link = '<a class="clerk-sync-replay" href="/replay">Replay failed jobs</a>'
  scope.addHook('onSend', async (_, reply, payload: unknown) => {
    const isPage =
      reply.statusCode === 200 && String(reply.getHeader('content-type')).startsWith('text/html')
    if (!isPage || typeof payload !== 'string') return payload
    const adjusted = payload
      .replace(googleFonts, '')
      .replace('</head>', `${style}${script}</head>`)
      .replace('</body>', `${link}</body>`)
    reply.removeHeader('content-length')
    return adjusted
  })
}

function statusOf(error: Error): HTTPStatus {
  const status = 'statusCode' in error ? Number(error.statusCode) : 500
  return (status >= 400 && status < 500 ? status : 500) as HTTPStatus
}

function headlineOf(status: number): ErrorTranslationKey {
  if (status >= 500) return 'ERRORS.INTERNAL_SERVER_ERROR'
  return status === 401 ? 'ERRORS.FORBIDDEN' : 'ERRORS.INVALID_REQUEST_BODY'
}
