import { randomBytes } from 'node:crypto'
import type { EventJob } from '@clerk-sync/events'
import { onTestFinished, vi } from 'vitest'
import { createConsumer, createProducer, defaultEnqueueTimeoutMs, openQueue } from '../src/index.ts'
import type { AckDurability, JobRun, OpenQueue, QueueLocation } from '../src/index.ts'
import { bullQueueOf } from '../src/bullmq.ts'

const ignore = () => undefined

/** An event that no other test has. */
export function buildEvent(): EventJob {
  const svixId = `msg_${randomBytes(10).toString('hex')}`
  return { svixId, type: 'user.created', occurredAt: 1, receivedAt: 2 }
}

/** The side of ingest, until the end of the test. */
export function openProducer(location: QueueLocation, ackDurability: AckDurability = 'enqueued') {
  const opened = openQueue(location, { onError: ignore })
  onTestFinished(() => opened.close())
  const producer = createProducer(opened, ackDurability)
  const { signal } = new AbortController()
  return {
    opened,
    enqueue: (event: EventJob, timeoutMs = defaultEnqueueTimeoutMs) =>
      producer.enqueue(event, { timeoutMs, signal }),
  }
}

export interface Runs {
  /** The svix ids in the order of their runs, failed ones included. */
  readonly started: string[]
  readonly done: string[]
  /** Which attempts there were. */
  readonly attempts: Set<number>
  readonly errors: Error[]
  readonly close: () => Promise<void>
}

/** The side of the worker, until the end of the test. */
export function openConsumer(
  location: QueueLocation,
  process: (run: JobRun) => Promise<void> = async () => undefined,
  { lockDurationMs = 2_000, concurrency = 5 } = {},
): Runs {
  const runs = {
    started: [] as string[],
    done: [] as string[],
    attempts: new Set<number>(),
    errors: [] as Error[],
  }
  const consumer = createConsumer(location, {
    concurrency,
    lockDurationMs,
    onFailed: ignore,
    onStalled: ignore,
    onError: (error) => runs.errors.push(error),
    async process(run) {
      runs.started.push(run.jobId)
      runs.attempts.add(run.attempt)
      await process(run)
      runs.done.push(run.jobId)
    },
  })
  onTestFinished(() => consumer.close())
  return { ...runs, close: () => consumer.close() }
}

/** Waits until all of these are done. */
export async function untilDone(runs: Runs, events: readonly EventJob[], timeout = 15_000) {
  const check = () => {
    const missing = events.filter(({ svixId }) => !runs.done.includes(svixId))
    if (missing.length > 0) throw new Error(`${missing.length} of ${events.length} are not done`)
  }
  await vi.waitFor(check, { timeout, interval: 20 })
}

/** Waits until the queue is empty: done jobs leave it. */
export async function untilEmpty(opened: OpenQueue): Promise<void> {
  const check = async () => {
    const counts = await bullQueueOf(opened).getJobCounts('waiting', 'active', 'delayed', 'failed')
    const left = Object.values(counts).reduce((sum, count) => sum + count, 0)
    if (left > 0) throw new Error(`${left} jobs are left: ${JSON.stringify(counts)}`)
  }
  await vi.waitFor(check, { timeout: 15_000, interval: 20 })
}
