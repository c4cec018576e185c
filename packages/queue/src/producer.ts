import { setTimeout as sleep } from 'node:timers/promises'
import type { EventJob } from '@clerk-sync/events'
import type { Queue } from 'bullmq'
import { attempts } from './backoff.ts'
import { toJobId } from './job-id.ts'
import type { QueueLocation } from './location.ts'
import { openQueue } from './open-queue.ts'
import { rerunJob } from './rerun-job.ts'

// One try to enqueue; a frozen server must not use up the whole time that the request has.
const tryTimeoutMs = 3_000
const pauseBetweenTriesMs = 100

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
  /** @throws when the queue does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** `onError` hears of every connection error; the producer goes on by itself. */
export function createProducer(location: QueueLocation, onError: (error: Error) => void): Producer {
  const opened = openQueue(location, { onError })

  return {
    async enqueue(event, { timeoutMs, signal }) {
      const deadline = Date.now() + timeoutMs
      for (;;) {
        try {
          return await withTimeout(
            add(opened.queue, event),
            Math.min(tryTimeoutMs, deadline - Date.now()),
          )
        } catch (cause) {
          if (signal.aborted || Date.now() + pauseBetweenTriesMs >= deadline) {
            throw new QueueUnavailableError('the queue did not take the event in time', { cause })
          }
          await sleep(pauseBetweenTriesMs)
        }
      }
    },
    async ping() {
      await withTimeout(opened.queue.getJobState('ping'), tryTimeoutMs)
    },
    close: () => opened.close(),
  }
}

// BullMQ ignores an id that it still has, in whatever state, so a failed job must be asked for.
async function add(queue: Queue, event: EventJob): Promise<void> {
  const jobId = toJobId(event.svixId)
  const [, state] = await Promise.all([
    queue.add(event.type, event, { jobId, attempts, backoff: { type: 'custom' } }),
    queue.getJobState(jobId),
  ])
  if (state === 'failed') await rerunJob({ queue }, jobId)
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
