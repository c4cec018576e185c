import type { ServerResponse } from 'node:http'
import { toRequest } from './node-request.ts'
import type { NodeRequest } from './node-request.ts'
import { createWebhookHandler } from './webhooks.ts'
import type { WebhookHandlerOptions } from './webhooks.ts'

type Next = (error: unknown) => void

/** A request handler for Express 4 and 5, and for whatever passes on the request of Node.js. */
export interface ExpressHandler {
  (request: NodeRequest, response: ServerResponse, next: Next): void
  close(): Promise<void>
}

const cure =
  'register the route before app.use(express.json()), or put express.raw({ type: "*/*" }) on the route'

/**
 * Creates the handler of a route: `app.post('/api/webhooks/clerk', clerkWebhooks())`. The
 * route must come before `express.json()`, since the signature is one of the raw bytes.
 */
export function clerkWebhooks(options: WebhookHandlerOptions = {}): ExpressHandler {
  const handler = createWebhookHandler(options)

  async function answer(request: NodeRequest, response: ServerResponse, next: Next): Promise<void> {
    try {
      const { status, headers, body } = await handler(toRequest(request, cure))
      response.writeHead(status, Object.fromEntries(headers))
      response.end(Buffer.from(await new Response(body).arrayBuffer()))
    } catch (error) {
      next(error)
    }
  }

  return Object.assign(
    (request: NodeRequest, response: ServerResponse, next: Next) => {
      void answer(request, response, next)
    },
    { close: () => handler.close() },
  )
}
