import { markFailed, tracer } from '@clerk-sync/ops'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Context, Span } from '@opentelemetry/api'

const spanName = 'write batch'

/**
 * Writes a batch inside spans, one in the trace of each of its events. The statements are in the trace
 * of the first event that is recorded: its span links to all others, and theirs link to it.
 */
export async function inBatchSpans<T>(
  events: readonly Context[],
  write: () => Promise<T>,
): Promise<T> {
  const [first, ...others] = events.filter((event) => trace.getSpan(event)?.isRecording())
  // Without the context of whichever event happened to start the flushes.
  if (!first) return context.with(ROOT_CONTEXT, write)

  const attributes = { 'clerk_sync.batch.size': events.length }
  const writing = tracer.startSpan(spanName, { attributes, links: linksTo(others) }, first)
  const written = { attributes, links: [{ context: writing.spanContext() }] }
  const spans = [writing, ...others.map((event) => tracer.startSpan(spanName, written, event))]
  try {
    return await context.with(trace.setSpan(first, writing), write)
  } catch (error) {
    for (const span of spans) markFailed(span, error)
    throw error
  } finally {
    endTogether(spans)
  }
}

function linksTo(events: readonly Context[]) {
  return events.flatMap((event) => {
    const spanContext = trace.getSpanContext(event)
    return spanContext ? [{ context: spanContext }] : []
  })
}

function endTogether(spans: readonly Span[]): void {
  for (const span of spans) span.end()
}
