import type { ServerResponse } from 'node:http'
import {
  admit,
  answerToError,
  answerToRefusal,
  createRefusalLog,
  createTypeLog,
  headersOf,
  invalidEvent,
  isSigned,
  readEvent,
  textOf,
} from '@clerk-sync/events'
import type { Answer, Kept, Refusal, SignatureClaim, SigningSecret } from '@clerk-sync/events'
import { createSilenceWatch } from '@clerk-sync/ops'
import type { ConnectionLimit, Logger } from '@clerk-sync/ops/process'
import { CannotEnqueueError, QueueUnavailableError } from '@clerk-sync/queue'
import type { Producer } from '@clerk-sync/queue'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IngestMetrics } from './metrics.ts'
import { BodyRefusedError, createBodyMemory, isTooMuchToSkip, readBody } from './read-body.ts'
import { attributesOf, createRequestSpans } from './request-spans.ts'
import { createTurns } from './turns.ts'

export const webhookPath = '/api/webhooks/clerk'

export interface ReceiverDeps {
  readonly producer: Producer
  readonly secrets: readonly SigningSecret[]
  readonly instanceId: string | undefined
  readonly kept: Kept
  readonly enqueueTimeoutMs: number
  /** How many signed requests may wait for their turn and for the queue. */
  readonly maxRequestsWaiting: number
  /** How many bytes of large bodies may be in memory. */
  readonly maxBodyMemoryBytes: number
  readonly metrics: IngestMetrics
  readonly logger: Logger
  /** Aborted when the process stops. Requests that wait for the queue are then answered. */
  readonly stopping: AbortSignal
}

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
      const now = performance.now()
      const tookMs = now - (arrivals.get(request)?.at ?? now)
      metrics.answered(answer.outcome, tookMs / 1000, answer.event?.type)
      spans.describe(request, () => attributesOf(answer))
      if (logger.isLevelEnabled('debug')) {
        const { event = { svixId: textOf(request.headers['svix-id']) }, outcome } = answer
        logger.debug({ ...event, outcome, durationMs: Math.round(tookMs) }, 'answered')
      }
      return send(deps, reply, answer)
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

function send(deps: WebhookDeps, reply: FastifyReply, answer: Answer) {
  // The unread bytes of a refused body would be read as the next request, and an open connection
  // would delay the end of the process.
  if (answer.closes || deps.stopping.aborted) reply.header('connection', 'close')
  return reply.code(answer.status).headers(headersOf(answer)).send(answer.body)
}

/** One delivery whose body is still to be read. */
interface UnreadDelivery {
  readonly request: FastifyRequest
  readonly response: ServerResponse
  readonly claim: SignatureClaim
}

interface Receiver {
  /** Reads, verifies and enqueues a delivery. */
  receive(delivery: UnreadDelivery): Promise<Answer>
  /** Counts and logs a delivery that is refused by its headers. */
  refuse(request: FastifyRequest, refusal: Refusal): Answer
  areTooManyWaiting(): boolean
}

/** Creates what becomes of a delivery, from its body to the queue. */
function createReceiver(deps: ReceiverDeps): Receiver {
  const { logger, metrics } = deps
  const memory = createBodyMemory(deps.maxBodyMemoryBytes)
  const turns = createTurns()
  const logRefusal = createRefusalLog(logger)
  const logType = createTypeLog(logger)
  const silence = createSilenceWatch()
  let waiting = 0

  function refuse(request: FastifyRequest, refusal: Refusal, body?: Buffer): Answer {
    if (refusal.reason !== 'doctor') silence.failed()
    metrics.refused(refusal.reason)
    logRefusal(refusal.reason, { headers: request.headers, body, ...refusal })
    return {
      ...answerToRefusal(refusal.reason),
      closes: refusal.reason === 'connections' || isTooMuchToSkip(request.raw),
    }
  }

  async function receive(delivery: UnreadDelivery): Promise<Answer> {
    const receivedAt = Date.now()
    const { request, claim } = delivery
    let body: Buffer
    try {
      body = await readBody(request.raw, delivery.response, memory)
    } catch (error) {
      if (error instanceof BodyRefusedError)
        return refuse(request, { ok: false, reason: error.reason })
      throw error
    }
    if (!isSigned(deps.secrets, claim, body)) {
      return refuse(request, { ok: false, reason: 'no_match' }, body)
    }
    waiting += 1
    try {
      await turns.next()
      return await take(body, claim, receivedAt)
    } finally {
      waiting -= 1
    }
  }

  /** Enqueues a signed event. */
  async function take(body: Buffer, claim: SignatureClaim, receivedAt: number): Promise<Answer> {
    const { id: svixId, timestamp: svixTimestamp } = claim
    const read = readEvent(deps, body, { svixId, svixTimestamp, receivedAt })
    if (read.kind === 'invalid') {
      metrics.refused(read.reason)
      // Svix sends it again for 28 hours, so it is logged each time.
      logger.warn({ svixId, reason: read.reason }, 'signed request is not an event; answered 400')
      return invalidEvent
    }
    const { type } = read
    logType(read, svixId)
    if (read.kind !== 'event') {
      return { status: 200, body: { received: true }, outcome: read.kind, event: { svixId, type } }
    }
    const { job } = read
    const event = { svixId, type, entityId: job.entityId }
    const enqueueing = performance.now()
    try {
      const { enqueueTimeoutMs: timeoutMs, stopping: signal } = deps
      const enqueued = await deps.producer.enqueue(job, { timeoutMs, signal })
      if (enqueued === 'waiting') metrics.duplicate()
      const news = silence.succeeded(receivedAt)
      if (news !== undefined) logger.info({ svixId, type }, `event accepted, ${news}`)
      return { status: 200, body: { received: true }, outcome: 'accepted', event }
    } catch (error) {
      if (error instanceof CannotEnqueueError) {
        metrics.refused('cannot_enqueue')
        logger.warn({ error, ...event }, 'event can not be queued; answered 400')
        return invalidEvent
      }
      silence.failed()
      const level = error instanceof QueueUnavailableError ? 'warn' : 'error'
      logger[level]({ error, ...event }, 'event not queued; Svix sends it again')
      const outcome = 'queue_unavailable'
      return { status: 503, body: { error: outcome }, outcome, event }
    } finally {
      metrics.enqueued((performance.now() - enqueueing) / 1000)
    }
  }

  return {
    receive,
    refuse,
    areTooManyWaiting: () => waiting >= deps.maxRequestsWaiting || turns.isLate(),
  }
}
