import { createBullBoard } from '@bull-board/api'
import type { ErrorTranslationKey, HTTPStatus, UIConfig } from '@bull-board/api/typings/app'
import { FastifyAdapter } from '@bull-board/fastify'
import type { Logger } from '@clerk-sync/ops/process'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import { boardPath, renderNavigation } from '../render-page.ts'
import { staticPath } from '../static-files.ts'
import { serveMessages } from './board-messages.ts'
import { EventQueueAdapter } from './event-queue-adapter.ts'

// The content security policy blocks it; every visitor's browser would log an error.
const googleFonts = /<link href="https:\/\/fonts\.googleapis\.com\/[^>]*>/g

// Times are in the zone of the browser, as on the other pages, and name it.
const time = {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
} as const
const date = { month: 'short', day: 'numeric' } as const

// The colours of console.css.
const theme: NonNullable<UIConfig['theme']> = {
  light: {
    background: '#f6f7f9',
    foreground: '#1c232c',
    card: '#fff',
    popover: '#fff',
    border: '#d8dde4',
    'muted-foreground': '#5b6674',
    primary: '#2557c7',
    'primary-foreground': '#fff',
    sidebar: '#fff',
    'sidebar-foreground': '#1c232c',
    'sidebar-border': '#d8dde4',
    'font-sans': 'system-ui, sans-serif',
    'font-mono': 'ui-monospace, monospace',
  },
  dark: {
    background: '#14181e',
    foreground: '#e4e9f0',
    card: '#1c222b',
    popover: '#1c222b',
    border: '#313a47',
    'muted-foreground': '#9aa6b5',
    primary: '#7fa8ff',
    'primary-foreground': '#10151c',
    sidebar: '#1c222b',
    'sidebar-foreground': '#e4e9f0',
    'sidebar-border': '#313a47',
  },
}

const uiConfig: UIConfig = {
  boardTitle: 'Board',
  boardLogo: { path: '' },
  // Seconds. Each open tab reads all counts and a page of jobs every time.
  pollingInterval: { forceInterval: 5, showSetting: false },
  // It would list all clients of Redis every time.
  showWorkers: false,
  hideRedisDetails: true,
  hideDocsLink: true,
  // The other pages are in English, too.
  locale: { lng: 'en-US' },
  dateFormats: {
    short: time,
    common: { ...date, ...time },
    full: { year: 'numeric', ...date, ...time },
  },
  theme,
}

export interface Board {
  readonly plugin: FastifyPluginCallback
  /** Makes the board show this queue. */
  show(opened: OpenQueue): void
}

class BoardServer extends FastifyAdapter {
  /** Where Bull Board's files are. */
  staticDirectory = ''

  override setStaticPath(route: string, path: string): this {
    this.staticDirectory = path
    super.setStaticPath(route, path)
    return this
  }
}

export interface BoardDeps {
  readonly logger: Logger
  /** Whether the board shows the data of jobs. */
  readonly showData: boolean
}

/** Bull Board under `boardPath`. It has no login of its own. */
export function buildBoard({ logger, showData }: BoardDeps): Board {
  const adapter = new BoardServer()
  adapter.setBasePath(boardPath)
  const { replaceQueues } = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: { uiConfig },
  })
  const plugin = adapter.registerPlugin()
  // Bull Board's own handler sends stack traces when NODE_ENV is development.
  adapter.setErrorHandler((error) => {
    const status = statusOf(error)
    if (status >= 500) logger.warn({ error }, 'the board could not answer')
    return { status, body: { error: { key: headlineOf(status) }, message: error.message } }
  })
  return {
    plugin(scope, options, done) {
      serveMessages(scope, adapter.staticDirectory)
      plugin(scope, options, done)
    },
    show: (opened) => replaceQueues([new EventQueueAdapter(bullQueueOf(opened), { showData })]),
  }
}

/**
 * Changes Bull Board's page: no font from Google, no buttons for what the console refuses, the header
 * of all pages above it, and a script that renews sessions of Clerk.
 */
export function adjustBoardPage(
  scope: FastifyInstance,
  { hasSessions }: { hasSessions: boolean },
): void {
  const style = `<link rel="stylesheet" href="${staticPath}/board.css">`
  const script = hasSessions ? `<script src="${staticPath}/session.js"></script>` : ''
  // No landmark: Bull Board's own header is the banner of the page.
  const header = `<div id="console-header">${renderNavigation(boardPath).markup}</div>`
  scope.addHook('onSend', async (_, reply, payload: unknown) => {
    const isPage =
      reply.statusCode === 200 && String(reply.getHeader('content-type')).startsWith('text/html')
    if (!isPage || typeof payload !== 'string') return payload
    const adjusted = payload
      .replace(googleFonts, '')
      .replace('<title>Board</title>', '<title>Board · clerk-sync</title>')
      .replace('</head>', `${style}${script}</head>`)
      .replace(/<body[^>]*>/, (body) => `${body}${header}`)
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
