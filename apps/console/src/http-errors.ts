import { STATUS_CODES } from 'node:http'
import { httpServerOptions } from '@clerk-sync/ops/process'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Socket } from 'node:net'
import { securityHeaders } from './browser-security.ts'
import { renderErrorPage, wantsPage } from './error-pages.ts'

/**
 * Options of the server for requests that never reach a route: those that Node.js can't parse, and
 * URLs that can't be decoded. Their answers have the security headers too.
 */
export const refusesSafely = {
  // Otherwise Node.js answers a request without Host by itself.
  ...httpServerOptions,
  http: { ...httpServerOptions.http, requireHostHeader: false },
  clientErrorHandler: (error: Error & { code?: string }, socket: Socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    if (socket.writable) socket.write(rawAnswer(statusOf(error.code)))
    socket.destroy(error)
  },
  frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const status = error.statusCode ?? 400
    void reply.headers(securityHeaders).code(status)
    if (wantsPage(request)) void reply.type('text/html').send(renderErrorPage(status))
    else void reply.send({ error: 'bad_request' })
  },
}

/** Adds what only a server itself can refuse: a request without Host, and an unknown Expect. */
export function refuseBadRequests(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ headers, raw }, reply) => {
    if (!headers.host && raw.httpVersion !== '1.0')
      await reply.code(400).send({ error: 'host_missing' })
  })
  app.server.on('checkExpectation', (_, response) => {
    response.writeHead(417, { ...securityHeaders, connection: 'close' }).end()
  })
}

function statusOf(code: string | undefined): number {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW' ? 413 : 400
}

function rawAnswer(status: number): string {
  const headers = Object.entries({ ...securityHeaders, 'content-length': '0', connection: 'close' })
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines}\r\n`
}
