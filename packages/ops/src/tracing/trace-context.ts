import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

// Written it is 73 characters long.
const longestMetadata = 200

/** The active trace as a job carries it, undefined where there is none. bullmq-otel writes the same. */
export function writeTraceContext(): string | undefined {
  const carrier: { traceparent?: string } = {}
  propagation.inject(context.active(), carrier)
  const { traceparent } = carrier
  return traceparent === undefined ? undefined : JSON.stringify({ traceparent })
}

/** The trace that a job carries; whatever else is found there is no trace. */
export function readTraceContext(metadata: unknown): Context {
  if (typeof metadata !== 'string' || metadata.length > longestMetadata) return ROOT_CONTEXT
  try {
    const { traceparent } = Object(JSON.parse(metadata)) as { traceparent?: unknown }
    return propagation.extract(ROOT_CONTEXT, { traceparent })
  } catch {
    return ROOT_CONTEXT
  }
}
