import type { Queue } from 'bullmq'
import { CronExpressionParser } from 'cron-parser'
import { connectQueue } from './connect-queue.ts'
import { connectWorker } from './connect-worker.ts'
import { runWhenReady } from './consumer.ts'
import type { QueueLocation } from './location.ts'
import { openUntilReady } from './reopen.ts'

// A queue of its own: long work must not wait behind events, nor events behind it.
const scheduleQueueName = 'clerk-schedule'

export interface Schedule {
  /** Waits for the run under way, but never longer than 5 s. */
  close(): Promise<void>
}

export interface ScheduleOptions {
  /** Names the schedule: all processes with one name share it. */
  readonly name: string
  /** When it runs, in UTC, as cron writes it. */
  readonly cron: string
  /** One process at a time runs it. What it throws is told to `onFailed`. */
  readonly run: () => Promise<void>
  readonly onFailed: (error: Error) => void
  readonly onError: (error: Error) => void
}

/** Runs something on a schedule, once for all processes. */
export function startSchedule(location: QueueLocation, options: ScheduleOptions): Schedule {
  const { name, cron, onError } = options
  const queue = openUntilReady(() => {
    const connected = connectQueue(location, scheduleQueueName)
    connected.queue.on('error', onError)
    return { ...connected, ready: setSchedule(connected.queue, name, cron) }
  }, onError)
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
    connected.worker.on('failed', (_, error) => options.onFailed(error))
    return { ...connected, ready: runWhenReady(connected.worker, onError) }
  }, onError)
  return {
    async close() {
      await Promise.all([queue.close(), worker.close()])
    },
  }
}

async function setSchedule(queue: Queue, name: string, cron: string): Promise<void> {
  await queue.waitUntilReady()
  await queue.upsertJobScheduler(name, { pattern: cron, tz: 'UTC' }, { name })
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
