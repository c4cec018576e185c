import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Context, Span, SpanOptions } from '@opentelemetry/api'

/** Where all spans come from. Until a process starts tracing they go nowhere and cost next to nothing. */
export const tracer = trace.getTracer('clerk-sync')

/** Runs work inside a new span, a child of the active one or of the one in `parent`. */
export async function inSpan<T>(
  name: string,
  { parent = context.active(), ...options }: SpanOptions & { parent?: Context },
  work: (span: Span) => Promise<T>,
): Promise<T> {
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

/** ExistingState a span as failed by the error's code or name. Never by its message: that may quote a person's data. */
export function markFailed(span: Span, error: unknown): void {
  span.setAttribute('error.type', errorType(error))
  span.setStatus({ code: SpanStatusCode.ERROR })
}

function errorType(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
