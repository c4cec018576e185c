import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { BodyUsedError } from './webhooks.ts'

/** A request of Node's HTTP server, as frameworks hand it on. */
export interface NodeRequest extends IncomingMessage {
  /** What a body parser made of the body. */
  readonly body?: unknown
  /** The bytes, where a platform or a body parser keeps them. */
  readonly rawBody?: unknown
}

/**
 * A request of Node.js as a `Request`, with the bytes of its body as they came.
 *
 * @throws {BodyUsedError} when a body parser has read the body and kept no bytes.
 */
export function toRequest(request: NodeRequest, cure: string): Request {
  const { method = 'GET' } = request
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  // Only method, headers and body are read.
  const url = 'http://localhost/'
  if (method !== 'POST') return new Request(url, { method, headers })
  return new Request(url, { method, headers, body: bodyOf(request, cure), duplex: 'half' })
}

function bodyOf(request: NodeRequest, cure: string) {
  const { body, rawBody } = request
  const bytes = [rawBody, body].find((value) => value instanceof Uint8Array)
  if (bytes instanceof Uint8Array) return new Uint8Array(bytes)
  if (request.readableDidRead || (body !== undefined && body !== null))
    throw new BodyUsedError(cure)
  return Readable.toWeb(request) as ReadableStream
}
