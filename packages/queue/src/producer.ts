import type { EventJob } from '@clerk-sync/events'
import {
  errorMessage,
  inSpan,
  isTracing,
  readTraceContext,
  retry,
  withTimeout,
  writeTraceContext,
} from '@clerk-sync/ops'
import { SpanKind, trace } from '@opentelemetry/api'
import type { Job } from 'bullmq'
import { checkKeyTypes, isWrongType, removeUnlessListed } from './key-types.ts'
import { queueName } from './location.ts'
import { bullQueueOf, createJobLook, isJobIn, QueueUnavailableError } from './open-queue.ts'
import type { OpenQueue } from './open-queue.ts'
import { createFsyncWait } from './ack-durability.ts'
import type { AckDurability } from './ack-durability.ts'

/** Attempts before a job goes to the failed set: more than an hour of retries. */
export const attempts = 18

/** Options of BullMQ's retry, which without them allows the job a single attempt. */
export const freshAttempts = { resetAttemptsMade: true, resetAttemptsStarted: true } as const

// One try to enqueue. A server that hangs must not use up the whole time of the request.
const tryTimeoutMs = 3_000
const retryDelayMs = 100
// BullMQ adds a stack to the job at each failure, also at each try to record one while Redis is full.
// Without a limit the job would grow every second.
export const jobOptions = { attempts, backoff: { type: 'custom' }, stackTraceLimit: 5 }

// What BullMQ asks of every job, and does not read of one that is new.
const newJob = {
  progress: 0,
  attemptsMade: 0,
  attemptsStarted: 0,
  stalledCounter: 0,
  failedReason: '',
  returnvalue: '',
} as const

/** No queue can ever take the event: it can't be written as JSON, or PostgreSQL refuses its values. */
export class CannotEnqueueError extends Error {
  readonly code = 'ERR_CANNOT_ENQUEUE'
  override readonly name = 'CannotEnqueueError'
}

interface EnqueueOptions {
  /** Milliseconds to try for. */
  readonly timeoutMs: number
  /** Ends the tries: the one under way is the last. */
  readonly signal: AbortSignal
}

export interface Producer {
  /**
   * Resolves once the queue has stored the event. An event that is in the queue already stays as it
   * is, unless its job failed: then the job runs again with fresh attempts.
   *
   * @throws {CannotEnqueueError} at once, for an event that every try would fail on.
   * @throws {QueueUnavailableError} after `timeoutMs`, or when `signal` is aborted; at once when
   * the queue says what is wrong with it.
   */
  enqueue(event: EventJob, options: EnqueueOptions): Promise<Enqueued>
}

/** What became of an event: `waiting` says that the queue had it already, and that it has yet to run. */
type Enqueued = 'added' | 'waiting' | 'rerun'

/**
 * Builds a producer on an open queue. The caller closes the queue. With `fsync` an event counts as
 * stored once it is on the disk of the server.
 */
export function createProducer(
  opened: OpenQueue,
  ackDurability: AckDurability = 'enqueued',
): Producer {
  const add = createAdd(opened)
  const untilDurable = ackDurability === 'fsync' ? createFsyncWait(opened) : enqueuedIsEnough
  return {
    enqueue(event, options) {
      const store = () => addUntilStored(() => untilDurable(() => add(event)), options)
      if (!isTracing()) return store()
      const { name, attributes } = messageAttributes('send', toJobId(event.svixId))
      return inSpan(name, { kind: SpanKind.PRODUCER, attributes }, store)
    },
  }
}

const enqueuedIsEnough = (write: () => Promise<Enqueued>) => write()

async function addUntilStored(
  store: () => Promise<Enqueued>,
  { timeoutMs, signal }: EnqueueOptions,
): Promise<Enqueued> {
  const deadline = Date.now() + timeoutMs
  let tries = 0
  const addOnce = () => {
    tries += 1
    return withTimeout(
      store(),
      Math.max(0, Math.min(tryTimeoutMs, deadline - Date.now())),
      'no answer from the queue',
    )
  }
  try {
    const enqueued = await retry(addOnce, {
      firstDelayMs: retryDelayMs,
      timeoutMs,
      // Not the option `signal`: its reason would take the place of the queue's error.
      isRetryable: (error) =>
        !signal.aborted && !isFaultOfEvent(error) && !(error instanceof QueueUnavailableError),
    })
    // What waits may be what a try has added that had no answer.
    return tries > 1 && enqueued === 'waiting' ? 'added' : enqueued
  } catch (cause) {
    if (isFaultOfEvent(cause)) {
      throw new CannotEnqueueError(`the event can't be queued: ${errorMessage(cause)}`, { cause })
    }
    if (cause instanceof QueueUnavailableError) throw cause
    throw new QueueUnavailableError('the queue did not take the event in time', { cause })
  }
}

// What JSON.stringify throws, and PostgreSQL's SQLSTATEs for values that it can't store.
function isFaultOfEvent(error: unknown): boolean {
  if (error instanceof RangeError || error instanceof TypeError) return true
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(22|54)[\dA-Z]{3}$/.test(code)
}

/** Builds what puts an event into the queue, once. */
function createAdd(opened: OpenQueue) {
  const look = createJobLook(opened)
  return async (event: EventJob): Promise<Enqueued> => {
    const jobId = toJobId(event.svixId)
    const timestamp = Date.now()
    try {
      // BullMQ ignores the id of a job that it still has, also of a failed one: that is run again here.
      const [{ isKnown, isFailed }] = await Promise.all([
        look(jobId, timestamp),
        addJob(opened, jobId, { event, timestamp }),
      ])
      if (!isFailed) return isKnown ? 'waiting' : 'added'
      await rerunJob(opened, jobId)
      return 'rerun'
    } catch (error) {
      if (!isWrongType(error)) throw error
      await removeUnlessListed(opened, jobId)
      await checkKeyTypes(opened)
      throw error
    }
  }
}

// Queue.add would make a job of BullMQ's only to write it, and store the id a second time in its options.
async function addJob(
  opened: OpenQueue,
  id: string,
  { event, timestamp }: { event: EventJob; timestamp: number },
): Promise<void> {
  const metadata = writeTraceContext()
  const job = {
    ...newJob,
    id,
    name: event.type,
    data: JSON.stringify(event),
    opts: metadata === undefined ? jobOptions : { ...jobOptions, telemetry: { metadata } },
    timestamp,
  }
  await bullQueueOf(opened).getBackend().addJob(job, id)
}

/**
 * The job id of an event: its svix-id where that is one of Svix (`msg_…`), otherwise `id_` and the
 * svix-id in base64url. Any id may be signed. BullMQ keeps a job at a key that ends in its id, beside
 * keys of its own such as `wait`, and refuses ids with a colon or that read as a number.
 */
export function toJobId(svixId: string): string {
  const isPlain = /^msg_[\w.-]+$/.test(svixId)
  return isPlain ? svixId : `id_${Buffer.from(svixId).toString('base64url')}`
}

/** Runs a failed job again with fresh attempts, and a job that waits for its next attempt at once. */
export async function rerunJob(opened: OpenQueue, id: string): Promise<void> {
  const job = await bullQueueOf(opened).getJob(id)
  const state = await stateOf(opened, id)
  if (!job || !state) return
  linkToFirstTrace(job)
  try {
    if (state === 'delayed') await job.promote()
    else await job.retry('failed', freshAttempts)
  } catch (error) {
    // Another delivery or a person on the board may have been quicker.
    if (await isJobIn(opened, state, id)) throw error
  }
}

async function stateOf(opened: OpenQueue, id: string): Promise<'failed' | 'delayed' | undefined> {
  if (await isJobIn(opened, 'failed', id)) return 'failed'
  return (await isJobIn(opened, 'delayed', id)) ? 'delayed' : undefined
}

// The job goes on in the trace of its first delivery.
function linkToFirstTrace({ opts }: Job): void {
  const first = trace.getSpanContext(readTraceContext(opts.telemetry?.metadata))
  if (first) trace.getActiveSpan()?.addLink({ context: first })
}

/** Removes a job, unless a worker runs it. */
export async function removeJob(opened: OpenQueue, id: string): Promise<void> {
  await bullQueueOf(opened).remove(id)
}

/** Name and attributes of a message's span, by OpenTelemetry's conventions for messaging. */
export function messageAttributes(operation: 'send' | 'process', jobId: string) {
  return {
    name: `${operation} ${queueName}`,
    attributes: {
      'messaging.system': 'bullmq',
      'messaging.destination.name': queueName,
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.message.id': jobId,
    },
  }
}
