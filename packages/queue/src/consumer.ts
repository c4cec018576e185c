import { inSpan, isTracing, readTraceContext } from '@clerk-sync/ops'
import { context, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api'
import type { Context, Span } from '@opentelemetry/api'
import { UnrecoverableError, WaitingError } from 'bullmq'
import type { Job, Worker, WorkerOptions } from 'bullmq'
import { connectWorker, openUntilReady, runWhenReady } from './connect.ts'
import type { QueueLocation } from './location.ts'
import { messageAttributes } from './producer.ts'

const firstDelayMs = 1_000
const longestDelayMs = 10 * 60_000
const jitter = 0.25

/** One run of an event's job. Times are milliseconds. */
export interface JobRun {
  readonly jobId: string
  /** The event's type, as the producer named the job. */
  readonly name: string
  /** Untrusted: whatever is in the queue. */
  readonly data: unknown
  /** When it was enqueued first. */
  readonly enqueuedAt: number
  /** Whether an earlier attempt failed, so that `enqueuedAt` is not the start of this wait. */
  readonly hasFailedBefore: boolean
  /** 1 on the first run, and on the first after a replay. */
  readonly attempt: number
}

/** The event can never be applied. Its job goes to the failed set at once, with this message. */
export class CannotApplyError extends Error {
  readonly code = 'ERR_CANNOT_APPLY'
  override readonly name = 'CannotApplyError'
}

/** The worker gives the job back without using an attempt, for another worker or a later start. */
export class GiveBackError extends Error {
  readonly code = 'ERR_GIVE_BACK'
  override readonly name = 'GiveBackError'
}

export interface ConsumerOptions {
  readonly concurrency: number
  /** Resolves when the event is done. Any other error than the two above is retried with backoff. */
  readonly process: (run: JobRun) => Promise<void>
  readonly onFailed: (run: JobRun, error: Error, final: boolean) => void
  readonly onStalled: (jobId: string) => void
  readonly onError: (error: Error) => void
  /** After about this time the job of a crashed worker is run again. Default: 30 s. */
  readonly lockDurationMs?: number
}

export interface Consumer {
  /** Stops fetching. Jobs that were fetched go on. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Waits until every fetched job is done or given back, at most 5 s, and closes the connections. */
  close(): Promise<void>
}

/** Fetches jobs as soon as the queue can be reached, and goes on by itself after an outage. */
export function createConsumer(location: QueueLocation, options: ConsumerOptions): Consumer {
  // An attempt's span is still the parent when BullMQ reports the failure: log lines find the trace.
  const contexts = new WeakMap<Job, Context>()
  const opened = openUntilReady(() => {
    const connected = connectWorker(location, run, workerOptions(options))
    listen(connected.worker, options, (job, report) =>
      context.with(contexts.get(job) ?? ROOT_CONTEXT, report),
    )
    return { ...connected, ready: runWhenReady(connected.worker, options.onError) }
  }, options.onError)

  async function run(job: Job, token?: string): Promise<void> {
    try {
      if (await (isTracing() ? runInSpan(job) : processOrGiveBack(job))) return
    } catch (error) {
      throw toStorableError(error instanceof CannotApplyError ? toFinalError(error) : error)
    }
    await job.moveToWait(token)
    throw new WaitingError()
  }

  async function runInSpan(job: Job): Promise<boolean> {
    const { name, spanOptions } = spanOf(job)
    return await inSpan(name, spanOptions, (span) => {
      contexts.set(job, context.active())
      return processOrGiveBack(job, span)
    })
  }

  async function processOrGiveBack(job: Job, span?: Span): Promise<boolean> {
    try {
      await options.process(toJobRun(job, job.attemptsMade + 1))
      return true
    } catch (error) {
      if (error instanceof CannotApplyError) span?.setAttribute('clerk_sync.reason', error.message)
      if (!(error instanceof GiveBackError)) throw error
      span?.setAttribute('clerk_sync.given_back', true)
      return false
    }
  }

  return {
    pause: () => opened.current.worker.pause(true),
    resume: () => opened.current.worker.resume(),
    close: opened.close,
  }
}

// In the trace of the delivery that enqueued the job.
function spanOf(job: Job) {
  const { name, attributes } = messageAttributes('process', String(job.id))
  const spanOptions = {
    kind: SpanKind.CONSUMER,
    attributes: { ...attributes, 'clerk_sync.attempt': job.attemptsMade + 1 },
    parent: readTraceContext(job.opts.telemetry?.metadata),
  }
  return { name, spanOptions }
}

function listen(
  worker: Worker,
  options: ConsumerOptions,
  inTraceOf: (job: Job, report: () => void) => void,
): void {
  worker.on('error', options.onError)
  worker.on('stalled', (jobId) => options.onStalled(jobId))
  worker.on('failed', (job, error) => {
    if (!job) return
    const final =
      error instanceof UnrecoverableError || job.attemptsMade >= (job.opts.attempts ?? 1)
    inTraceOf(job, () => options.onFailed(toJobRun(job, job.attemptsMade), error, final))
  })
}

function workerOptions({
  concurrency,
  lockDurationMs = 30_000,
}: ConsumerOptions): Omit<WorkerOptions, 'connection'> {
  return {
    autorun: false,
    concurrency,
    lockDuration: lockDurationMs,
    stalledInterval: lockDurationMs / 2,
    // All jobs of a crashed worker stall, and the crash says nothing about them.
    maxStalledCount: 1_000,
    runRetryDelay: 1_000,
    settings: { backoffStrategy: (attemptsMade) => backoffMs(attemptsMade) },
    // A job holds a person's data, and the ledger knows every event. Failed jobs are kept for replay.
    removeOnComplete: { count: 0 },
  }
}

/**
 * Milliseconds to wait after the `attemptsMade`th failed attempt: doubling from 1 s to 10 minutes,
 * with a jitter of 25 %, so that events that failed together are not retried together.
 */
export function backoffMs(attemptsMade: number, random = Math.random()): number {
  const delay = Math.min(firstDelayMs * 2 ** (attemptsMade - 1), longestDelayMs)
  return Math.round(delay * (1 - jitter + 2 * jitter * random))
}

// The board shows the stack. BullMQ's frames do not help with a reason in words.
function toFinalError({ message }: CannotApplyError): UnrecoverableError {
  return Object.assign(new UnrecoverableError(message), { stack: message })
}

// PostgreSQL refuses a NUL and half a surrogate pair. BullMQ could not record the failure: the job
// would stay active, stall and run again without end.
function toStorableError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  for (const part of ['message', 'stack'] as const) {
    const text = error[part]
    if (typeof text !== 'string') continue
    const value = text.toWellFormed().replaceAll('\0', '\uFFFD')
    // Some errors have a message that can't be assigned.
    if (value !== text) {
      Object.defineProperty(error, part, { value, configurable: true, writable: true })
    }
  }
  return error
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

/**
 * Whether an earlier attempt of the job failed, so that its timestamp is not the start of its wait.
 * After a replay the number of attempts is 0 again; Redis keeps the stack, PostgreSQL does not.
 */
export function hasFailedBefore({ attemptsMade, stacktrace }: Job): boolean {
  return attemptsMade > 0 || (stacktrace?.length ?? 0) > 0
}
