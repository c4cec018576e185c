import { setTimeout as sleep } from 'node:timers/promises'
import type { EventJob } from '@clerk-sync/events'
import { inSpan, writeTraceContext } from '@clerk-sync/ops'
import { SpanKind } from '@opentelemetry/api'
import type { Queue } from 'bullmq'
import { attempts } from './backoff.ts'
import { toJobId } from './job-id.ts'
import { isJobIn } from './job-state.ts'
import type { OpenQueue } from './open-queue.ts'
import { messageAttributes } from './message-attributes.ts'
import { rerunJob } from './rerun-job.ts'

// One try to enqueue; a frozen server must not use up the whole time that the request has.
const tryTimeoutMs = 3_000
const pauseBetweenTriesMs = 100
// BullMQ keeps the stack of every failure, and of each try to note it while Redis is full: a job
// would grow by the second.
const jobOptions = { attempts, backoff: { type: 'custom' }, stackTraceLimit: 5 }

/** The queue did not take the event in time. It may still have it: the sender must send it again. */
export class QueueUnavailableError extends Error {
  readonly code = 'ERR_QUEUE_UNAVAILABLE'
  override readonly name = 'QueueUnavailableError'
}

export interface Producer {
  /**
   * Resolves once the queue has the event for good. An event that it has already is left alone,
   * unless its job failed: then the job runs again with fresh attempts.
   *
   * @throws {QueueUnavailableError} after `timeoutMs` of trying, or when `signal` says to give up.
   */
  enqueue(event: EventJob, options: { timeoutMs: number; signal: AbortSignal }): Promise<void>
}

/** Whoever opened the queue closes it. */
export function createProducer(opened: OpenQueue): Producer {
  return {
    enqueue(event, options) {
      const { name, attributes } = messageAttributes('send', toJobId(event.svixId))
      return inSpan(name, { kind: SpanKind.PRODUCER, attributes }, () =>
        addUntilTaken(opened, event, options),
      )
    },
  }
}

async function addUntilTaken(
  opened: OpenQueue,
  event: EventJob,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return await withTimeout(
        add(opened.queue, event),
        Math.max(0, Math.min(tryTimeoutMs, deadline - Date.now())),
      )
    } catch (cause) {
      if (signal.aborted || Date.now() + pauseBetweenTriesMs >= deadline) {
        throw new QueueUnavailableError('the queue did not take the event in time', { cause })
      }
      await sleep(pauseBetweenTriesMs)
    }
  }
}

// BullMQ ignores an id that it still has, in whatever state, so a failed job must be asked for.
async function add(queue: Queue, event: EventJob): Promise<void> {
  const jobId = toJobId(event.svixId)
  const metadata = writeTraceContext()
  const traced = metadata === undefined ? {} : { telemetry: { metadata } }
  const [, hasFailed] = await Promise.all([
    queue.add(event.type, event, { ...jobOptions, jobId, ...traced }),
    isJobIn({ queue }, 'failed', jobId),
  ])
  if (hasFailed) await rerunJob({ queue }, jobId)
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => timeout.reject(new Error('no answer from the queue')), timeoutMs)
  // The work may fail after its time is up; nobody waits for it then.
  work.catch(() => undefined)
  try {
    return await Promise.race([work, timeout.promise])
  } finally {
    clearTimeout(timer)
  }
}
