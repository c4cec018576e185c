import type { Kept, SigningSecret } from '@clerk-sync/events'
import {
  buildEventJob,
  isEventType,
  longestId,
  parseEnvelope,
  verifySignature,
} from '@clerk-sync/events'
import type { Logger } from '@clerk-sync/ops/process'
import { CannotEnqueueError, QueueUnavailableError } from '@clerk-sync/queue'
import type { Producer } from '@clerk-sync/queue'
import type { Attributes } from '@opentelemetry/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IngestMetrics, RequestOutcome } from './metrics.ts'
import { createRequestSpans } from './request-spans.ts'

export const webhookPath = '/api/webhooks/clerk'

// Svix accepts messages of about 350 kB.
const bodyLimitBytes = 1024 * 1024
const retryAfterSeconds = 30
// Clerk has about fifty types. A sender that has the secret could invent any number.
const mostUnknownTypes = 1_000

export interface WebhookDeps {
  readonly producer: Producer
  readonly secrets: readonly SigningSecret[]
  readonly instanceId: string | undefined
  readonly kept: Kept
  readonly enqueueTimeoutMs: number
  readonly metrics: IngestMetrics
  readonly logger: Logger
  /** Aborted when the process stops. Requests that wait for the queue are then answered. */
  readonly stopping: AbortSignal
}

interface Answer {
  status: number
  body: { received: true } | { error: string }
  outcome: RequestOutcome
  /** What is known of a verified event. */
  event?: { svixId: string; type: string; entityId?: string | undefined }
}

/** The webhook route. Bodies stay bytes here: nothing parses one before its signature is verified. */
export function webhookPlugin(deps: WebhookDeps) {
  return async function plugin(scope: FastifyInstance): Promise<void> {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: bodyLimitBytes },
      (_, body, done) => done(null, body),
    )
    const logUnknownType = createUnknownTypeLog(deps.logger)
    const spans = createRequestSpans(webhookPath)
    const arrivals = new WeakMap<FastifyRequest, number>()
    const secondsSince = (request: FastifyRequest) =>
      (performance.now() - (arrivals.get(request) ?? performance.now())) / 1000
    scope.addHook('onRequest', async (request, reply) => {
      arrivals.set(request, performance.now())
      spans.begin(request, reply)
      deps.metrics.arrived()
      // 'close' also comes when the sender hangs up first.
      reply.raw.once('close', () => deps.metrics.left())
    })
    const finish = (request: FastifyRequest, reply: FastifyReply, answer: Answer) => {
      deps.metrics.answered(answer.outcome, secondsSince(request), answer.event?.type)
      spans.describe(request, attributesOf(answer))
      return send(deps, request, reply, answer)
    }
    scope.setErrorHandler((error: { statusCode?: number }, request, reply) => {
      const answer = answerToError(error)
      return spans.within(request, () => {
        if (answer.status >= 500) deps.logger.error({ error }, 'delivery failed; answered 500')
        return finish(request, reply, answer)
      })
    })
    scope.post(webhookPath, (request, reply) =>
      spans.within(request, async () => {
        return finish(request, reply, await receive(deps, request, logUnknownType))
      }),
    )
    scope.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url: webhookPath,
      handler: (_, reply) =>
        reply.code(405).header('allow', 'POST').send({ error: 'method_not_allowed' }),
    })
  }
}

async function receive(
  deps: WebhookDeps,
  request: FastifyRequest,
  logUnknownType: (type: string) => void,
): Promise<Answer> {
  const receivedAt = Date.now()
  const headers = {
    id: headerOf(request, 'svix-id'),
    timestamp: headerOf(request, 'svix-timestamp'),
    signature: headerOf(request, 'svix-signature'),
  }
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const verdict = verifySignature(deps.secrets, { headers, body, now: receivedAt })
  if (!verdict.ok) {
    deps.logger.debug({ reason: verdict.reason }, 'signature refused')
    return { status: 400, body: { error: 'invalid_signature' }, outcome: 'invalid_signature' }
  }

  const { id: svixId, timestamp: svixTimestamp } = verdict
  const envelope = parseEnvelope(body)
  if (!envelope || svixId.length > longestId) {
    deps.logger.warn({ svixId }, 'signed request is not an event; answered 400')
    return { status: 400, body: { error: 'invalid_event' }, outcome: 'invalid_event' }
  }
  const { type } = envelope
  const acknowledged = { status: 200, body: { received: true }, event: { svixId, type } } as const
  // Old messages that are sent again name no instance.
  const instanceId = envelope.instance_id ?? deps.instanceId
  if (deps.instanceId !== undefined && instanceId !== deps.instanceId) {
    return { ...acknowledged, outcome: 'other_instance' }
  }

  logUnknownType(type)
  const job = buildEventJob(deps.kept, envelope, { svixId, svixTimestamp, receivedAt })
  if (!job) return { ...acknowledged, outcome: 'left_out' }
  const event = { svixId, type, entityId: job.entityId }
  const enqueueing = performance.now()
  try {
    await deps.producer.enqueue(job, { timeoutMs: deps.enqueueTimeoutMs, signal: deps.stopping })
    return { ...acknowledged, outcome: 'accepted', event }
  } catch (error) {
    if (error instanceof CannotEnqueueError) {
      deps.logger.warn({ error, ...event }, 'event can not be queued; answered 400')
      return { status: 400, body: { error: 'invalid_event' }, outcome: 'invalid_event' }
    }
    const level = error instanceof QueueUnavailableError ? 'warn' : 'error'
    deps.logger[level]({ error, ...event }, 'event not queued; Svix sends it again')
    const outcome = 'queue_unavailable'
    return { status: 503, body: { error: outcome }, outcome, event }
  } finally {
    deps.metrics.enqueued((performance.now() - enqueueing) / 1000)
  }
}

function answerToError({ statusCode = 500 }: { statusCode?: number }): Answer {
  if (statusCode === 413) {
    return { status: 413, body: { error: 'body_too_large' }, outcome: 'too_large' }
  }
  return statusCode < 500
    ? { status: statusCode, body: { error: 'invalid_request' }, outcome: 'invalid_request' }
    : { status: 500, body: { error: 'internal_error' }, outcome: 'internal_error' }
}

function send(deps: WebhookDeps, request: FastifyRequest, reply: FastifyReply, answer: Answer) {
  if (answer.status === 503) reply.header('retry-after', retryAfterSeconds)
  // The unread bytes of a refused body would be read as the next request, and an open connection
  // would delay the end of the process.
  if (answer.status === 413 || deps.stopping.aborted) reply.header('connection', 'close')
  const { event = { svixId: headerOf(request, 'svix-id') }, outcome } = answer
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

/** Logs each event type that clerk-sync does not know, once. */
export function createUnknownTypeLog(logger: Logger): (type: string) => void {
  const logged = new Set<string>()
  return (type) => {
    if (isEventType(type) || logged.has(type) || logged.size >= mostUnknownTypes) return
    logged.add(type)
    logger.info({ type }, 'unknown event type; only the ledger records its events')
  }
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
