import { setTimeout as sleep } from 'node:timers/promises'
import { CronExpressionParser } from 'cron-parser'
import { connectQueue } from './connect-queue.ts'
import { connectWorker } from './connect-worker.ts'
import { runWhenReady } from './consumer.ts'
import type { QueueLocation } from './location.ts'
import { openUntilReady } from './reopen.ts'

// A queue of its own: long work must not wait behind events, nor events behind it.
const scheduleQueueName = 'clerk-schedule'
const retryAfterMs = 500
// Until then a refusal is no more than the connection that is not there yet.
const connectsForMs = 5_000
// A run that was stopped, or found another one that seemed to be alive, is not lost until the next.
const tryAgain = { attempts: 4, backoff: { type: 'fixed', delay: 150_000 } }

export interface Schedule {
  /** Waits for the run under way, but never longer than 5 s. */
  close(): Promise<void>
}

export interface ScheduleOptions {
  /** Names the schedule: all processes with one name share it. */
  readonly name: string
  /** When it runs, in UTC, as cron writes it. */
  readonly cron: string
  /** One process at a time runs it; when it throws, it is run again some minutes later. */
  readonly run: () => Promise<void>
  readonly onError: (error: Error) => void
}

/** Runs something on a schedule, once for all processes. */
export function startSchedule(location: QueueLocation, options: ScheduleOptions): Schedule {
  const { name, cron, onError } = options
  const queue = openUntilReady(() => {
    const connected = connectQueue(location, scheduleQueueName)
    connected.queue.on('error', onError)
    return { ...connected, ready: connected.queue.waitUntilReady() }
  }, onError)
  const closing = new AbortController()
  void setSchedule()

  // A queue fails fast while its server is away, also while it connects for the first time.
  async function setSchedule(): Promise<void> {
    const startedAt = Date.now()
    while (!closing.signal.aborted) {
      try {
        await queue.current.queue.upsertJobScheduler(
          name,
          { pattern: cron, tz: 'UTC' },
          { name, opts: tryAgain },
        )
        return
      } catch (error) {
        if (Date.now() - startedAt > connectsForMs) onError(error as Error)
        await sleep(retryAfterMs, undefined, { signal: closing.signal }).catch(() => undefined)
      }
    }
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

/** Whether a text says when, as cron writes it. */
export function isCron(text: string): boolean {
  try {
    CronExpressionParser.parse(text)
    return true
  } catch {
    return false
  }
}
