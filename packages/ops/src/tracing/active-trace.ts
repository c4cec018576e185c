import { isSpanContextValid, trace } from '@opentelemetry/api'

/** The trace that a log line belongs to, by the names that OpenTelemetry gives them. */
export function readActiveTrace(): { trace_id?: string; span_id?: string } {
  const span = trace.getActiveSpan()?.spanContext()
  return span && isSpanContextValid(span) ? { trace_id: span.traceId, span_id: span.spanId } : {}
}
