import type { Span } from '@opentelemetry/api'
import { UnrecoverableError, WaitingError } from 'bullmq'
import type { Job, Worker, WorkerOptions } from 'bullmq'
import { backoffMs } from './backoff.ts'
import { connectWorker } from './connect-worker.ts'
import { hasFailedBefore } from './has-failed-before.ts'
import type { QueueLocation } from './location.ts'
import { openUntilReady } from './reopen.ts'
import { createRunSpans } from './run-spans.ts'
import type { RunSpans } from './run-spans.ts'
import { toStorableError } from './storable-error.ts'

/** One run of an event's job. Times are milliseconds. */
export interface JobRun {
  readonly jobId: string
  /** The event's type as the producer named the job. */
  readonly name: string
  /** Untrusted: whatever is in the queue. */
  readonly data: unknown
  /** When it was enqueued first. */
  readonly enqueuedAt: number
  /** Whether it waited only to be tried again: an earlier attempt failed. */
  readonly hasFailedBefore: boolean
  /** 1 on the first run, and on the first after a replay. */
  readonly attempt: number
}

/** The event can never be applied: it goes to the failed set at once, with this message. */
export class CannotApplyError extends Error {
  readonly code = 'ERR_CANNOT_APPLY'
  override readonly name = 'CannotApplyError'
}

/** The worker gives the job back untouched, for another worker or a later start. */
export class GiveBackError extends Error {
  readonly code = 'ERR_GIVE_BACK'
  override readonly name = 'GiveBackError'
}

export interface ConsumerOptions {
  concurrency: number
  /** Resolves when the event is done; any other error than the two above is retried with backoff. */
  process: (run: JobRun) => Promise<void>
  onFailed: (run: JobRun, error: Error, final: boolean) => void
  onStalled: (jobId: string) => void
  onError: (error: Error) => void
  /** A job whose worker died is run again after about this long. Default 30 s. */
  lockDurationMs?: number
}

export interface Consumer {
  /** Stops fetching; jobs that were fetched go on. */
  pause(): Promise<void>
  resume(): Promise<void>
  /**
   * Resolves when every fetched job is done or given back, and the connections are closed; after
   * 5 s in any case.
   */
  close(): Promise<void>
}

/** Fetches jobs once the queue is there, and goes on by itself whenever it was away. */
export function createConsumer(location: QueueLocation, options: ConsumerOptions): Consumer {
  const spans = createRunSpans()
  const opened = openUntilReady(() => {
    const connected = connectWorker(location, run, settings(options))
    listen(connected.worker, options, spans)
    return { ...connected, ready: runWhenReady(connected.worker, options.onError) }
  }, options.onError)

  async function run(job: Job, token?: string): Promise<void> {
    try {
      if (await spans.during(job, (span) => processOrGiveBack(job, span))) return
    } catch (error) {
      throw toStorableError(error instanceof CannotApplyError ? toFinalError(error) : error)
    }
    await job.moveToWait(token)
    throw new WaitingError()
  }

  async function processOrGiveBack(job: Job, span: Span): Promise<boolean> {
    try {
      await options.process(toJobRun(job, job.attemptsMade + 1))
      return true
    } catch (error) {
      if (error instanceof CannotApplyError) span.setAttribute('clerk_sync.reason', error.message)
      if (!(error instanceof GiveBackError)) throw error
      span.setAttribute('clerk_sync.given_back', true)
      return false
    }
  }

  return {
    pause: () => opened.current.worker.pause(true),
    resume: () => opened.current.worker.resume(),
    close: opened.close,
  }
}

function listen(worker: Worker, options: ConsumerOptions, spans: RunSpans): void {
  worker.on('error', options.onError)
  worker.on('stalled', (jobId) => options.onStalled(jobId))
  worker.on('failed', (job, error) => {
    if (!job) return
    const final =
      error instanceof UnrecoverableError || job.attemptsMade >= (job.opts.attempts ?? 1)
    spans.after(job, () => options.onFailed(toJobRun(job, job.attemptsMade), error, final))
  })
}

/** A worker that fetches before its first connection works would spin on the remembered failure. */
export async function runWhenReady(worker: Worker, onError: (error: Error) => void): Promise<void> {
  await worker.waitUntilReady()
  worker.run().catch(onError)
}

function settings({
  concurrency,
  lockDurationMs = 30_000,
}: ConsumerOptions): Omit<WorkerOptions, 'connection'> {
  return {
    autorun: false,
    concurrency,
    lockDuration: lockDurationMs,
    stalledInterval: lockDurationMs / 2,
    // A worker that dies takes every job that it holds with it: that is no fault of the jobs.
    maxStalledCount: 1_000,
    runRetryDelay: 1_000,
    settings: { backoffStrategy: (attemptsMade) => backoffMs(attemptsMade) },
    // The ledger knows every event; a job holds a person's data. Failed jobs are kept until someone
    // replays them.
    removeOnComplete: { count: 0 },
  }
}

// The board shows the stack; of a reason in words it would show BullMQ's frames.
function toFinalError({ message }: CannotApplyError): UnrecoverableError {
  return Object.assign(new UnrecoverableError(message), { stack: message })
}

function toJobRun(job: Job, attempt: number): JobRun {
  return {
    jobId: String(job.id),
    name: job.name,
    data: job.data,
    enqueuedAt: job.timestamp,
    hasFailedBefore: hasFailedBefore(job),
    attempt,
  }
}
