import type { SignatureClaim } from '@clerk-sync/events'
import type { ConnectionLimit } from '@clerk-sync/ops/process'
import type { Attributes } from '@opentelemetry/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { admit, textOf } from './admission.ts'
import { createReceiver } from './receive-delivery.ts'
import type { Answer, ReceiverDeps } from './receive-delivery.ts'
import { createRequestSpans } from './request-spans.ts'

export const webhookPath = '/api/webhooks/clerk'

const retryAfterSeconds = 30

export interface WebhookDeps extends ReceiverDeps {
  readonly connections: ConnectionLimit
}

/** A delivery since its headers have arrived. `at` is a time of performance.now(). */
interface Arrival {
  readonly at: number
  claim?: SignatureClaim
}

/**
 * The webhook route. A body is read only when the headers may be those of a signed delivery, and it
 * stays bytes until its signature is verified. Its content type does not matter.
 */
export function webhookPlugin(deps: WebhookDeps) {
  const { logger, metrics, connections } = deps
  return async function plugin(scope: FastifyInstance): Promise<void> {
    // The receiver reads the body, whatever its type.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _body, done) => done(null, undefined))
    const receiver = createReceiver(deps)
    const spans = createRequestSpans(webhookPath)
    const arrivals = new WeakMap<FastifyRequest, Arrival>()

    function arrive(request: FastifyRequest, reply: FastifyReply): Arrival {
      const arrival: Arrival = { at: performance.now() }
      arrivals.set(request, arrival)
      spans.begin(request, reply)
      metrics.arrived()
      // 'close' also comes when the sender hangs up first.
      reply.raw.once('close', () => metrics.left())
      return arrival
    }

    function finish(request: FastifyRequest, reply: FastifyReply, answer: Answer) {
      const at = arrivals.get(request)?.at ?? performance.now()
      metrics.answered(answer.outcome, (performance.now() - at) / 1000, answer.event?.type)
      spans.describe(request, attributesOf(answer))
      return send(deps, request, reply, answer)
    }

    scope.setErrorHandler((error: { statusCode?: number }, request, reply) =>
      spans.within(request, () => {
        const { statusCode = 500 } = error
        if (statusCode >= 500) logger.error({ error }, 'delivery failed; answered 500')
        return finish(request, reply, answerToError(statusCode))
      }),
    )
    scope.route({
      method: 'POST',
      url: webhookPath,
      onRequest(request, reply, done) {
        const arrival = arrive(request, reply)
        const admission = admit(request.headers, {
          now: Date.now(),
          isConnectionBeyondLimit: connections.isBeyond(request.raw.socket),
          areTooManyWaiting: receiver.areTooManyWaiting(),
        })
        if (!admission.ok) {
          void finish(request, reply, receiver.refuse(request, admission))
          return
        }
        arrival.claim = admission
        // Fastify refuses one that it can't read.
        if (request.headers['content-type'] !== undefined)
          request.headers['content-type'] = 'application/json'
        done()
      },
      handler(request, reply) {
        const { claim } = arrivals.get(request) ?? {}
        if (!claim) throw new Error('the headers of a delivery were not read')
        return spans.within(request, async () =>
          finish(request, reply, await receiver.receive({ request, response: reply.raw, claim })),
        )
      },
    })
    scope.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url: webhookPath,
      // Before the body is read.
      onRequest(_, reply) {
        void reply.code(405).header('allow', 'POST').send({ error: 'method_not_allowed' })
      },
      handler: () => undefined,
    })
  }
}

function answerToError(statusCode: number): Answer {
  return statusCode < 500
    ? { status: statusCode, body: { error: 'invalid_request' }, outcome: 'invalid_request' }
    : { status: 500, body: { error: 'internal_error' }, outcome: 'internal_error' }
}

function send(deps: WebhookDeps, request: FastifyRequest, reply: FastifyReply, answer: Answer) {
  if (answer.status === 503) reply.header('retry-after', retryAfterSeconds)
  // The unread bytes of a refused body would be read as the next request, and an open connection
  // would delay the end of the process.
  if (answer.closes || deps.stopping.aborted) reply.header('connection', 'close')
  const { event = { svixId: textOf(request.headers['svix-id']) }, outcome } = answer
  deps.logger.debug({ ...event, outcome }, 'answered')
  return reply.code(answer.status).send(answer.body)
}

// Of an unverified request, only its outcome is known.
function attributesOf({ outcome, event }: Answer): Attributes {
  const { svixId, type, entityId } = event ?? {}
  return {
    'clerk_sync.request.outcome': outcome,
    ...(type && svixId ? { 'clerk_sync.event.type': type, 'clerk_sync.event.id': svixId } : {}),
    ...(entityId ? { 'clerk_sync.entity.id': entityId } : {}),
  }
}
