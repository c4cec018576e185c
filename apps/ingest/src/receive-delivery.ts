import type { ServerResponse } from 'node:http'
import type { Kept, SignatureClaim, SigningSecret } from '@clerk-sync/events'
import {
  buildEventJob,
  findExcess,
  isEventType,
  isSigned,
  longestId,
  parseEnvelope,
} from '@clerk-sync/events'
import type { Logger } from '@clerk-sync/ops/process'
import { CannotEnqueueError, QueueUnavailableError } from '@clerk-sync/queue'
import type { Producer } from '@clerk-sync/queue'
import type { FastifyRequest } from 'fastify'
import type { Refusal } from './admission.ts'
import type { IngestMetrics, RequestOutcome } from './metrics.ts'
import { BodyRefusedError, createBodyMemory, isTooMuchToSkip, readBody } from './read-body.ts'
import { createRefusalLog } from './refusal-log.ts'

// Clerk has about fifty types. A sender that has the secret could invent any number.
const mostUnknownTypes = 1_000

export interface ReceiverDeps {
  readonly producer: Producer
  readonly secrets: readonly SigningSecret[]
  readonly instanceId: string | undefined
  readonly kept: Kept
  readonly enqueueTimeoutMs: number
  /** How many requests may wait for the queue. */
  readonly maxRequestsWaiting: number
  /** How many bytes of large bodies may be in memory. */
  readonly maxBodyMemoryBytes: number
  readonly metrics: IngestMetrics
  readonly logger: Logger
  /** Aborted when the process stops. Requests that wait for the queue are then answered. */
  readonly stopping: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly body: { readonly received: true } | { readonly error: string }
  readonly outcome: RequestOutcome
  /** What is known of a verified event. */
  readonly event?: { svixId: string; type: string; entityId?: string | undefined }
  /** Whether the connection is closed, because the rest of the request is not read. */
  readonly closes?: boolean
}

/** One delivery whose body is still to be read. */
interface UnreadDelivery {
  readonly request: FastifyRequest
  readonly response: ServerResponse
  readonly claim: SignatureClaim
}

export interface Receiver {
  /** Reads, verifies and enqueues a delivery. */
  receive(delivery: UnreadDelivery): Promise<Answer>
  /** Counts and logs a delivery that is refused by its headers. */
  refuse(request: FastifyRequest, refusal: Refusal): Answer
  areTooManyWaiting(): boolean
}

/** Creates what becomes of a delivery, from its body to the queue. */
export function createReceiver(deps: ReceiverDeps): Receiver {
  const { logger, metrics } = deps
  const memory = createBodyMemory(deps.maxBodyMemoryBytes)
  const logRefusal = createRefusalLog(logger)
  const logUnknownType = createUnknownTypeLog(logger)
  let waiting = 0

  function refuse(request: FastifyRequest, refusal: Refusal, body?: Buffer): Answer {
    metrics.refused(refusal.reason)
    logRefusal(refusal.reason, { request, body, ...refusal })
    return {
      ...answerToRefusal(refusal.reason),
      closes: refusal.reason === 'connections' || isTooMuchToSkip(request.raw),
    }
  }

  /** A signed body that can't be an event. Svix sends it again for 28 hours, so it is logged each time. */
  function refuseEvent(
    svixId: string,
    reason: 'no_event' | 'too_deep' | 'too_many_values',
  ): Answer {
    metrics.refused(reason)
    logger.warn({ svixId, reason }, 'signed request is not an event; answered 400')
    return { status: 400, body: { error: 'invalid_event' }, outcome: 'invalid_event' }
  }

  async function receive({ request, response, claim }: UnreadDelivery): Promise<Answer> {
    const receivedAt = Date.now()
    let body: Buffer
    try {
      body = await readBody(request.raw, response, memory)
    } catch (error) {
      if (error instanceof BodyRefusedError)
        return refuse(request, { ok: false, reason: error.reason })
      throw error
    }
    if (!isSigned(deps.secrets, claim, body)) {
      return refuse(request, { ok: false, reason: 'no_match' }, body)
    }
    const { id: svixId, timestamp: svixTimestamp } = claim
    const excess = findExcess(body)
    if (excess) return refuseEvent(svixId, excess)
    const envelope = parseEnvelope(body)
    if (!envelope || svixId.length > longestId) return refuseEvent(svixId, 'no_event')

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
    waiting += 1
    try {
      await deps.producer.enqueue(job, { timeoutMs: deps.enqueueTimeoutMs, signal: deps.stopping })
      return { ...acknowledged, outcome: 'accepted', event }
    } catch (error) {
      if (error instanceof CannotEnqueueError) {
        metrics.refused('cannot_enqueue')
        logger.warn({ error, ...event }, 'event can not be queued; answered 400')
        return { status: 400, body: { error: 'invalid_event' }, outcome: 'invalid_event' }
      }
      const level = error instanceof QueueUnavailableError ? 'warn' : 'error'
      logger[level]({ error, ...event }, 'event not queued; Svix sends it again')
      const outcome = 'queue_unavailable'
      return { status: 503, body: { error: outcome }, outcome, event }
    } finally {
      waiting -= 1
      metrics.enqueued((performance.now() - enqueueing) / 1000)
    }
  }

  return { receive, refuse, areTooManyWaiting: () => waiting >= deps.maxRequestsWaiting }
}

function answerToRefusal(reason: Refusal['reason']): Answer {
  switch (reason) {
    case 'body_too_large':
      return { status: 413, body: { error: reason }, outcome: 'too_large' }
    case 'body_memory':
    case 'connections':
    case 'requests_waiting':
      return { status: 503, body: { error: 'overloaded' }, outcome: 'overloaded' }
    case 'hung_up':
      return { status: 400, body: { error: 'invalid_request' }, outcome: 'invalid_request' }
    case 'missing_header':
    case 'malformed_timestamp':
    case 'too_old':
    case 'too_new':
    case 'no_match':
    default:
      return { status: 400, body: { error: 'invalid_signature' }, outcome: 'invalid_signature' }
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
