import { retry } from '@clerk-sync/ops'
import { CronExpressionParser } from 'cron-parser'
import { connectQueue, connectWorker, openUntilReady, runWhenReady } from './connect.ts'
import { scheduleQueueName } from './location.ts'
import type { QueueLocation } from './location.ts'

const retryDelayMs = 500
// Earlier failures are normal: the first connection is still being made.
const connectTimeoutMs = 5_000
// A run that was stopped, or that found another one under way, does not wait for the next date.
const retryOptions = { attempts: 4, backoff: { type: 'fixed', delay: 150_000 } }

export interface Schedule {
  /** Waits for the run under way, at most 5 s. */
  close(): Promise<void>
}

export interface ScheduleOptions {
  /** All processes that use this name share the schedule. */
  readonly name: string
  /** When it runs: a cron expression, in UTC. */
  readonly cron: string
  /** Run by one process at a time. When it throws, it is run again some minutes later. */
  readonly run: () => Promise<void>
  readonly onError: (error: Error) => void
}

/** Runs something on a schedule, in one of all processes. */
export function startSchedule(location: QueueLocation, options: ScheduleOptions): Schedule {
  const { name, cron, onError } = options
  const queue = openScheduleQueue(location, onError)
  const closing = new AbortController()
  void setSchedule()

  // A queue fails fast while its server is unavailable, also during the first connection.
  async function setSchedule(): Promise<void> {
    const startedAt = Date.now()
    const upsert = () =>
      queue.current.queue.upsertJobScheduler(
        name,
        { pattern: cron, tz: 'UTC' },
        { name, opts: retryOptions },
      )
    // Without a limit: only the end of the schedule makes it reject.
    await retry(upsert, {
      firstDelayMs: retryDelayMs,
      signal: closing.signal,
      onRetry({ error }) {
        if (Date.now() - startedAt > connectTimeoutMs) onError(error as Error)
      },
    }).catch(() => undefined)
  }

  const worker = openUntilReady(() => {
    const connected = connectWorker(
      location,
      async () => options.run(),
      {
        autorun: false,
        concurrency: 1,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      },
      scheduleQueueName,
    )
    connected.worker.on('error', onError)
    return { ...connected, ready: runWhenReady(connected.worker, onError) }
  }, onError)
  return {
    async close() {
      closing.abort()
      await Promise.all([queue.close(), worker.close()])
    },
  }
}

function openScheduleQueue(location: QueueLocation, onError: (error: Error) => void) {
  return openUntilReady(() => {
    const connected = connectQueue(location, scheduleQueueName)
    connected.queue.on('error', onError)
    return { ...connected, ready: connected.queue.waitUntilReady() }
  }, onError)
}

/** When something that is scheduled runs next. */
export interface NextRun {
  /** A cron expression, in UTC. */
  readonly cron: string
  /** Milliseconds. In the past where no worker runs what is due. */
  readonly at: number
}

export interface ScheduleReader {
  /** Undefined for what was never scheduled. */
  next(name: string): Promise<NextRun | undefined>
  close(): Promise<void>
}

/** Opens the schedule that workers keep, to read it. */
export function openScheduleReader(
  location: QueueLocation,
  onError: (error: Error) => void,
): ScheduleReader {
  const queue = openScheduleQueue(location, onError)
  return {
    async next(name) {
      const { pattern, next } = (await queue.current.queue.getJobScheduler(name)) ?? {}
      return pattern === undefined || next === undefined ? undefined : { cron: pattern, at: next }
    },
    close: () => queue.close(),
  }
}

/** Whether a text is a cron expression. */
export function isCron(text: string): boolean {
  try {
    CronExpressionParser.parse(text)
    return true
  } catch {
    return false
  }
}
