import type { Logger } from '@clerk-sync/ops/process'
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import { html } from './html.ts'
import { homePath, renderPage } from './render-page.ts'

interface Answer {
  readonly title: string
  readonly text: string
}

const answers: { readonly [status: number]: Answer } = {
  400: {
    title: 'This request can’t be read',
    text: 'Its address or what was sent with it is not complete. Go back and try again.',
  },
  401: {
    title: 'You are not logged in',
    text: 'The user or the password is wrong, or the login was cancelled. Load this page again to log in. Both are settings of the console: BOARD_USER and BOARD_PASSWORD.',
  },
  403: {
    title: 'This was not allowed',
    text: 'Another site made your browser send it, so nothing was changed. Open the console itself and do it there.',
  },
  404: {
    title: 'There is no such page',
    text: 'The address is wrong, or the page is of another release.',
  },
  413: {
    title: 'Too much was sent',
    text: 'A form of the console is small. Nothing was changed.',
  },
  415: {
    title: 'This is not a form of the console',
    text: 'Nothing was changed. Open the page again and send its form.',
  },
  429: {
    title: 'Too many logins at once',
    text: 'Somebody may be guessing the password. Wait some seconds, then load this page again: your login was not tried yet.',
  },
}

const failure: Answer = {
  title: 'The console can’t answer',
  text: 'The log of the console says why. Often the queue or the database is unavailable: clerk-sync doctor names the cause.',
}

/** Whether somebody looks at the answer in a browser; a script and curl get JSON. */
export function wantsPage({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const destination = headers['sec-fetch-dest']
  if (destination !== undefined) return destination === 'document'
  return headers.accept?.includes('text/html') ?? false
}

/** The page of a refused request or an error. */
export function renderErrorPage(status: number): string {
  const { title, text } = answers[status] ?? (status < 500 ? answers[400] : failure) ?? failure
  return renderPage({
    title,
    isPublic: true,
    body: html`<h1>${title}</h1>
      <p>${text}</p>
      <p class="muted">HTTP ${status}</p>
      <p><a class="button" href="${homePath}">Open the console</a></p>`,
  })
}

/**
 * Answers errors, and gives a browser a page for every answer from 400 on that is none yet, whoever
 * sent it. Other clients get JSON.
 */
export function serveErrors(app: FastifyInstance, logger: Logger): void {
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'not_found' }))
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500
    if (status < 500) return reply.code(status).send({ error: error.code, message: error.message })
    const [path] = request.url.split('?', 1)
    logger.error({ error, method: request.method, path }, 'the console could not answer')
    return reply.code(status).send({ error: 'internal', message: 'the log says why' })
  })
  app.addHook('onSend', async (request, reply, payload: unknown) => {
    if (reply.statusCode < 400 || !wantsPage(request)) return payload
    if (String(reply.getHeader('content-type')).startsWith('text/html')) return payload
    reply.type('text/html; charset=utf-8').removeHeader('content-length')
    return renderErrorPage(reply.statusCode)
  })
}
