import {
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { Context, Span, SpanOptions } from '@opentelemetry/api'

// A written trace context has 73 characters.
const longestMetadata = 200

/** Creates all spans. They are discarded, at next to no cost, until the process starts tracing. */
export const tracer = trace.getTracer('clerk-sync')

let isOn = false

/** Whether this process has started tracing. Until then a caller can do without names and attributes. */
export const isTracing = (): boolean => isOn

/** Said once by what starts tracing. */
export function setTracing(): void {
  isOn = true
}

const noSpan = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

/** Runs work inside a new span, a child of the active one or of the one in `parent`. */
export async function inSpan<T>(
  name: string,
  { parent = context.active(), ...options }: SpanOptions & { parent?: Context },
  work: (span: Span) => Promise<T>,
): Promise<T> {
  if (!isOn) return await work(noSpan)
  return tracer.startActiveSpan(name, options, parent, async (span) => {
    try {
      return await work(span)
    } catch (error) {
      markFailed(span, error)
      throw error
    } finally {
      span.end()
    }
  })
}

/** Marks a span as failed by the error's code or name. Its message may quote a person's data. */
export function markFailed(span: Span, error: unknown): void {
  span.setAttribute('error.type', errorType(error))
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/**
 * The active trace as a job carries it: JSON with a `traceparent`, as bullmq-otel writes it.
 * Undefined when no trace is active.
 */
export function writeTraceContext(): string | undefined {
  if (!isOn) return undefined
  const carrier: { traceparent?: string } = {}
  propagation.inject(context.active(), carrier)
  const { traceparent } = carrier
  return traceparent === undefined ? undefined : JSON.stringify({ traceparent })
}

/** The trace that a job carries. Anything that is not one gives the root context. */
export function readTraceContext(metadata: unknown): Context {
  if (!isOn) return ROOT_CONTEXT
  if (typeof metadata !== 'string' || metadata.length > longestMetadata) return ROOT_CONTEXT
  try {
    const { traceparent } = Object(JSON.parse(metadata)) as { traceparent?: unknown }
    return propagation.extract(ROOT_CONTEXT, { traceparent })
  } catch {
    return ROOT_CONTEXT
  }
}

/** The ids of the active trace for a log line, under OpenTelemetry's names for them. */
export function readActiveTrace(): { trace_id?: string; span_id?: string } {
  const span = trace.getActiveSpan()?.spanContext()
  return span && isSpanContextValid(span) ? { trace_id: span.traceId, span_id: span.spanId } : {}
}

function errorType(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
