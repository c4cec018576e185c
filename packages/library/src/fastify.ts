import { bodyLimitBytes } from '@clerk-sync/events'
import type { FastifyInstance } from 'fastify'
import { toRequest } from './node-request.ts'
import { createWebhookHandler } from './webhooks.ts'
import type { WebhookHandlerOptions } from './webhooks.ts'

export interface FastifyWebhooksOptions extends WebhookHandlerOptions {
  /** Default: `/api/webhooks/clerk`. */
  readonly path?: string
}

/**
 * A Fastify plugin with the route of Clerk's webhooks: `app.register(clerkWebhooks)`. The
 * body parsers of the application do not concern it. It closes its connections with the application.
 */
export function clerkWebhooks(
  app: FastifyInstance,
  { path = '/api/webhooks/clerk', ...options }: FastifyWebhooksOptions,
  done: () => void,
): void {
  const handler = createWebhookHandler({ logger: app.log, ...options })
  app.addHook('onClose', () => handler.close())
  app.removeAllContentTypeParsers()
  // The handler reads the stream itself, whatever its type.
  app.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null, undefined))
  app.post(path, { bodyLimit: bodyLimitBytes }, (request) =>
    handler(toRequest(request.raw, 'no hook may read request.raw')),
  )
  done()
}
