import { readTraceContext } from '@clerk-sync/ops'
import { trace } from '@opentelemetry/api'
import type { Job, Queue } from 'bullmq'
import { isJobIn } from './job-state.ts'
import type { OpenQueue } from './open-queue.ts'

/** Of a job that is retried: BullMQ's own retry allows it a single attempt. */
export const freshAttempts = { resetAttemptsMade: true, resetAttemptsStarted: true } as const

/** Runs a failed job again with all its attempts, and one that waits for its next attempt now. */
export async function rerunJob({ queue }: Pick<OpenQueue, 'queue'>, id: string): Promise<void> {
  const job = await queue.getJob(id)
  const state = await stateOf(queue, id)
  if (!job || !state) return
  linkToTraceOf(job)
  try {
    if (state === 'delayed') await job.promote()
    else await job.retry('failed', freshAttempts)
  } catch (error) {
    // Another delivery or a person on the board may have been quicker.
    if (await isJobIn({ queue }, state, id)) throw error
  }
}

async function stateOf(queue: Queue, id: string): Promise<'failed' | 'delayed' | undefined> {
  if (await isJobIn({ queue }, 'failed', id)) return 'failed'
  return (await isJobIn({ queue }, 'delayed', id)) ? 'delayed' : undefined
}

// The job runs on in the trace of its first delivery.
function linkToTraceOf({ opts }: Job): void {
  const first = trace.getSpanContext(readTraceContext(opts.telemetry?.metadata))
  if (first) trace.getActiveSpan()?.addLink({ context: first })
}

/** Removes a job, unless a worker has it. */
export async function removeJob({ queue }: Pick<OpenQueue, 'queue'>, id: string): Promise<void> {
  await queue.remove(id)
}
