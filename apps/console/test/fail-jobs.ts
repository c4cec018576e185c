import { CannotApplyError, createConsumer, openQueue } from '@clerk-sync/queue'
import type { OpenQueue, QueueLocation } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { vi } from 'vitest'

export interface FailingJob {
  readonly id: string
  readonly type?: string
  readonly reason?: string
  readonly data?: object
  /** No attempt can apply it. Otherwise it fails at its only attempt. */
  readonly isInvalid?: boolean
}

/** Puts jobs into the queue and lets each of them fail for good, with its reason. */
export async function failJobs(
  location: QueueLocation,
  jobs: readonly FailingJob[],
): Promise<void> {
  const reasons = new Map(jobs.map(({ id, reason }) => [id, reason ?? 'the write was refused']))
  const invalidIds = new Set(jobs.filter(({ isInvalid }) => isInvalid).map(({ id }) => id))
  const failed = Promise.withResolvers<void>()
  const left = new Set(reasons.keys())
  const consumer = createConsumer(location, {
    concurrency: 20,
    async process({ jobId }) {
      const reason = reasons.get(jobId)
      throw invalidIds.has(jobId) ? new CannotApplyError(reason) : new Error(reason)
    },
    onFailed: ({ jobId }) => void (left.delete(jobId) && left.size === 0 && failed.resolve()),
    onStalled: () => undefined,
    onError: failed.reject,
  })
  const opened = await openReady(location)
  await bullQueueOf(opened).addBulk(
    jobs.map(({ id, type = 'user.updated', data = { id }, isInvalid }) => ({
      name: type,
      data,
      opts: { jobId: id, attempts: isInvalid ? 5 : 1 },
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
