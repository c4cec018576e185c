import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

const headersTimeoutMs = 5_000
const requestTimeoutMs = 10_000
// Node looks for requests over their time every 30 s unless told otherwise.
const checkEveryMs = 1_000
// A connection that has just been opened may not have had the time to send its request.
const newForMs = 1_000
// Further connections that may be open to be answered 503. What comes beyond is closed unanswered.
const spareConnections = 100

/** Options of Fastify for a server that strangers reach: headers within 5 s, the request within 10 s. */
export const httpServerOptions = {
  requestTimeout: requestTimeoutMs,
  http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: checkEveryMs },
}

export interface ConnectionLimit {
  /** Whether this connection came when all others were busy: answer it 503, and close it. */
  isBeyond(socket: Socket): boolean
}

/**
 * Bounds the open connections of a server. A connection beyond the limit takes the place of the one
 * that has waited longest without a request. `onRefused` is called for each connection that was closed
 * unanswered.
 */
export function limitConnections(
  server: Server,
  { max, onRefused = () => undefined }: { max: number; onRefused?: () => void },
): ConnectionLimit {
  // Both in the order in which their connections became what they are.
  const waitingSince = new Map<Socket, number>()
  const busy = new Set<Socket>()
  const beyond = new WeakSet<Socket>()
  const isFull = () => waitingSince.size + busy.size > max

  server.maxConnections = max + spareConnections
  server.on('drop', onRefused)
  server.on('connection', (socket: Socket) => {
    const now = performance.now()
    waitingSince.set(socket, now)
    socket.once('close', () => {
      waitingSince.delete(socket)
      busy.delete(socket)
    })
    if (!isFull()) return
    const [longest, since] = waitingSince.entries().next().value ?? [socket, now]
    if (now - since < newForMs) {
      beyond.add(socket)
      return
    }
    waitingSince.delete(longest)
    longest.destroy()
    onRefused()
  })
  server.on('request', ({ socket }, response) => {
    waitingSince.delete(socket)
    busy.add(socket)
    response.once('close', () => {
      if (busy.delete(socket) && !socket.destroyed) waitingSince.set(socket, performance.now())
    })
  })
  return { isBeyond: (socket) => beyond.has(socket) && isFull() }
}

/** Where a listening server answers on this machine, such as http://127.0.0.1:3000. */
export function localUrl(server: Server): string {
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('the server does not listen')
  const isEvery = address.address === '0.0.0.0' || address.address === '::'
  const host = isEvery ? '127.0.0.1' : address.address
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

/** Answers unknown paths 404 before their body is read. Call it before other hooks are added. */
export function answerUnknownPaths(app: FastifyInstance): void {
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'not_found' }))
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) void reply.code(404).send({ error: 'not_found' })
    else done()
  })
}
