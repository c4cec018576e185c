import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { webhookPlugin } from './webhook-plugin.ts'
import type { WebhookDeps } from './webhook-plugin.ts'

// Svix gives up after 15 s; whoever sends a body more slowly than that is not Svix.
const requestTimeoutMs = 15_000

/** The ingest app. The caller listens and closes. */
export function buildIngest(deps: WebhookDeps): FastifyInstance {
  const app = Fastify({ requestTimeout: requestTimeoutMs, forceCloseConnections: 'idle' })
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'not_found' }))
  void app.register(webhookPlugin(deps))
  return app
}
