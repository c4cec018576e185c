export { inSpan, markFailed, tracer } from './in-span.ts'
export { readTraceContext, writeTraceContext } from './trace-context.ts'
