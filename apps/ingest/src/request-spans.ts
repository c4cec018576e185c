import type { Answer } from '@clerk-sync/events'
import { isTracing, tracer } from '@clerk-sync/ops'
import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { Attributes, Context, Span } from '@opentelemetry/api'
import type { FastifyReply, FastifyRequest } from 'fastify'

export interface RequestSpans {
  /** Begins a trace. It ends when the answer is sent or the sender has hung up. */
  begin(request: FastifyRequest, reply: FastifyReply): void
  /** Runs work as a part of the request's trace. */
  within<T>(request: FastifyRequest, work: () => T): T
  /** Adds attributes to the request's span, if there is one. Of an unverified request, only the outcome may be added. */
  describe(request: FastifyRequest, read: () => Attributes): void
}

/** Creates the spans of POST requests to one route. A sender's trace headers are ignored. */
export function createRequestSpans(route: string): RequestSpans {
  const contexts = new WeakMap<FastifyRequest, Context>()
  const contextOf = (request: FastifyRequest) => contexts.get(request) ?? ROOT_CONTEXT
  const attributes = {
    'http.request.method': 'POST',
    'http.route': route,
    'url.path': route,
    'url.scheme': 'http',
  }

  return {
    begin(request, reply) {
      if (!isTracing() || request.method !== 'POST') return
      const options = { kind: SpanKind.SERVER, attributes }
      const span = tracer.startSpan(`POST ${route}`, options, ROOT_CONTEXT)
      if (!isSpanContextValid(span.spanContext())) return
      contexts.set(request, trace.setSpan(ROOT_CONTEXT, span))
      reply.raw.once('close', () => end(span, reply))
    },
    within: (request, work) => (isTracing() ? context.with(contextOf(request), work) : work()),
    describe(request, read) {
      if (isTracing()) trace.getSpan(contextOf(request))?.setAttributes(read())
    },
  }
}

function end(span: Span, { raw }: FastifyReply): void {
  if (raw.headersSent) span.setAttribute('http.response.status_code', raw.statusCode)
  if (raw.headersSent && raw.statusCode >= 500) {
    span.setAttribute('error.type', String(raw.statusCode))
    span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end()
}

/** What a span says of an answer. Of an unverified request, only its outcome is known. */
export function attributesOf({ outcome, event }: Answer): Attributes {
  const { svixId, type, entityId } = event ?? {}
  return {
    'clerk_sync.request.outcome': outcome,
    ...(type && svixId ? { 'clerk_sync.event.type': type, 'clerk_sync.event.id': svixId } : {}),
    ...(entityId ? { 'clerk_sync.entity.id': entityId } : {}),
  }
}
