import { inSpan, readTraceContext } from '@clerk-sync/ops'
import { context, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api'
import type { Context, Span } from '@opentelemetry/api'
import type { Job } from 'bullmq'
import { messageAttributes } from './message-attributes.ts'

export interface RunSpans {
  /** Runs an attempt inside a span of its own, in the trace of the delivery that enqueued the job. */
  during<T>(job: Job, work: (span: Span) => Promise<T>): Promise<T>
  /** Runs what BullMQ has to say of the attempt as a part of it: log lines find the trace. */
  after(job: Job, tell: () => void): void
}

export function createRunSpans(): RunSpans {
  const contexts = new WeakMap<Job, Context>()
  return {
    during(job, work) {
      const { name, attributes } = messageAttributes('process', String(job.id))
      const options = {
        kind: SpanKind.CONSUMER,
        attributes: { ...attributes, 'clerk_sync.attempt': job.attemptsMade + 1 },
        parent: readTraceContext(job.opts.telemetry?.metadata),
      }
      return inSpan(name, options, (span) => {
        contexts.set(job, context.active())
        return work(span)
      })
    },
    after: (job, tell) => context.with(contexts.get(job) ?? ROOT_CONTEXT, tell),
  }
}
