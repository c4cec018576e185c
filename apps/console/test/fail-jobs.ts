import { CannotApplyError, createConsumer, openQueue } from '@clerk-sync/queue'
import type { OpenQueue, QueueLocation } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { vi } from 'vitest'

export interface FailingJob {
  readonly id: string
  readonly type?: string
  readonly reason?: string
  readonly data?: object
}

/** Puts jobs into the queue and lets each of them fail for good, with its reason. */
export async function failJobs(
  location: QueueLocation,
  jobs: readonly FailingJob[],
): Promise<void> {
  const reasons = new Map(jobs.map(({ id, reason }) => [id, reason ?? 'it can not be applied']))
  const failed = Promise.withResolvers<void>()
  const left = new Set(reasons.keys())
  const consumer = createConsumer(location, {
    concurrency: 20,
    process: ({ jobId }) => Promise.reject(new CannotApplyError(reasons.get(jobId) ?? '')),
    onFailed: ({ jobId }) => void (left.delete(jobId) && left.size === 0 && failed.resolve()),
    onStalled: () => undefined,
    onError: failed.reject,
  })
  const opened = await openReady(location)
  await bullQueueOf(opened).addBulk(
    jobs.map(({ id, type = 'user.updated', data = { id } }) => ({
      name: type,
      data,
      opts: { jobId: id, attempts: 5 },
    })),
  )
  await failed.promise
  await Promise.all([consumer.close(), opened.close()])
}

/** A queue that answers: it fails fast, also in the moment before its first connection. */
export async function openReady(location: QueueLocation): Promise<OpenQueue> {
  const opened = openQueue(location, { onError: () => undefined })
  await vi.waitFor(() => bullQueueOf(opened).getJobCounts('failed'), { timeout: 5_000 })
  return opened
}
