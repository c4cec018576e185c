import type { Kept, SigningSecret } from '@clerk-sync/events'
import { buildEventJob, parseEnvelope, verifySignature } from '@clerk-sync/events'
import type { Logger } from '@clerk-sync/ops/process'
import { QueueUnavailableError } from '@clerk-sync/queue'
import type { Producer } from '@clerk-sync/queue'
import type { Attributes } from '@opentelemetry/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IngestMetrics, RequestOutcome } from './metrics.ts'
import { createRequestSpans } from './request-spans.ts'
import { createUnknownTypeLog } from './unknown-type-log.ts'

export const webhookPath = '/api/webhooks/clerk'

// Svix's are 31 characters long, and PostgreSQL could not index one of thousands.
const longestSvixId = 255

// Svix takes messages of about 350 kB.
const bodyLimitBytes = 1024 * 1024
const retryAfterSeconds = 30

export interface WebhookDeps {
  readonly producer: Producer
  readonly secrets: readonly SigningSecret[]
  readonly instanceId: string | undefined
  readonly kept: Kept
  readonly enqueueTimeoutMs: number
  readonly metrics: IngestMetrics
  readonly logger: Logger
  /** Aborted when the process stops: requests that wait for the queue are answered. */
  readonly stopping: AbortSignal
}

interface Answer {
  status: number
  body: { received: true } | { error: string }
  outcome: RequestOutcome
  type?: string
  entityId?: string | undefined
}

/** The webhook route. Here alone bodies stay bytes: nothing reads one before its signature is verified. */
export function webhookPlugin(deps: WebhookDeps) {
  return async function plugin(scope: FastifyInstance): Promise<void> {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: bodyLimitBytes },
      (_, body, done) => done(null, body),
    )
    const noteType = createUnknownTypeLog(deps.logger)
    const spans = createRequestSpans(webhookPath)
    const arrivals = new WeakMap<FastifyRequest, number>()
    const secondsSince = (request: FastifyRequest) =>
      (performance.now() - (arrivals.get(request) ?? performance.now())) / 1000
    scope.addHook('onRequest', async (request, reply) => {
      arrivals.set(request, performance.now())
      spans.begin(request, reply)
      deps.metrics.arrived()
      // Also when the sender hangs up first.
      reply.raw.once('close', () => deps.metrics.left())
    })
    const finish = (request: FastifyRequest, reply: FastifyReply, answer: Answer) => {
      deps.metrics.answered(answer.outcome, secondsSince(request), answer.type)
      spans.describe(request, attributesOf(request, answer))
      return send(deps, request, reply, answer)
    }
    scope.setErrorHandler((error: { statusCode?: number }, request, reply) => {
      const answer = answerToError(error)
      return spans.within(request, () => {
        if (answer.status >= 500) deps.logger.error({ error }, 'a delivery was not handled')
        return finish(request, reply, answer)
      })
    })
    scope.post(webhookPath, (request, reply) =>
      spans.within(request, async () => {
        return finish(request, reply, await receive(deps, request, noteType))
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
  noteType: (type: string) => void,
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

  const envelope = parseEnvelope(body)
  const svixId = headers.id?.trim() ?? ''
  if (!envelope || svixId.length > longestSvixId) {
    deps.logger.warn({ svixId: headers.id }, 'signed, but not an event')
    return { status: 400, body: { error: 'invalid_event' }, outcome: 'invalid_event' }
  }
  const { type } = envelope
  // Old messages that are sent again name no instance.
  const instanceId = envelope.instance_id ?? deps.instanceId
  if (deps.instanceId !== undefined && instanceId !== deps.instanceId) {
    return { status: 200, body: { received: true }, outcome: 'other_instance', type }
  }

  noteType(type)
  const svixTimestamp = Number.parseInt(headers.timestamp ?? '', 10)
  const job = buildEventJob(deps.kept, envelope, { svixId, svixTimestamp, receivedAt })
  if (!job) return { status: 200, body: { received: true }, outcome: 'left_out', type }
  const { entityId } = job
  const enqueueing = performance.now()
  try {
    await deps.producer.enqueue(job, { timeoutMs: deps.enqueueTimeoutMs, signal: deps.stopping })
    return { status: 200, body: { received: true }, outcome: 'accepted', type, entityId }
  } catch (error) {
    const level = error instanceof QueueUnavailableError ? 'warn' : 'error'
    deps.logger[level]({ error, svixId, type, entityId }, 'event not taken; Svix sends it again')
    const outcome = 'queue_unavailable'
    return { status: 503, body: { error: outcome }, outcome, type, entityId }
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
  // Unread bytes of a refused body would be taken for the next request; and an open connection
  // would hold up the end of the process.
  if (answer.status === 413 || deps.stopping.aborted) reply.header('connection', 'close')
  const { type, entityId, outcome } = answer
  deps.logger.debug({ svixId: headerOf(request, 'svix-id'), type, entityId, outcome }, 'answered')
  return reply.code(answer.status).send(answer.body)
}

// An answer with a type is one to a verified event.
function attributesOf(request: FastifyRequest, { outcome, type, entityId }: Answer): Attributes {
  const svixId = headerOf(request, 'svix-id')?.trim()
  return {
    'clerk_sync.request.outcome': outcome,
    ...(type && svixId ? { 'clerk_sync.event.type': type, 'clerk_sync.event.id': svixId } : {}),
    ...(entityId ? { 'clerk_sync.entity.id': entityId } : {}),
  }
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
