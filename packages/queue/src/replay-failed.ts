import { retry } from '@clerk-sync/ops'
import { ErrorCode, Job } from 'bullmq'
import { readFailed, selectJob } from './failed-jobs.ts'
import type { FailedSelection } from './failed-jobs.ts'
import { bullQueueOf } from './open-queue.ts'
import type { OpenQueue } from './open-queue.ts'
import { freshAttempts } from './producer.ts'

/** The progress of a replay, in jobs. */
export interface ReplayCounts {
  /** Failed jobs that were read. */
  readonly seen: number
  /** Failed jobs that the selection matches. */
  readonly matched: number
  /** Would match, but their events are invalid: replaying them won't help. */
  readonly leftOut: number
  readonly replayed: number
  /** Left the failed set before: somebody else replayed or removed them. */
  readonly gone: number
  /** Could not be replayed, and stay failed. */
  readonly failed: number
}

/** The counts of a replay that has not begun. */
export const nothingReplayed: ReplayCounts = {
  seen: 0,
  matched: 0,
  leftOut: 0,
  replayed: 0,
  gone: 0,
  failed: 0,
}

/** How many of the matched jobs have had their turn, whatever came of it. */
export function countDone({ replayed, gone, failed }: ReplayCounts): number {
  return replayed + gone + failed
}

export interface ReplayOptions {
  readonly signal?: AbortSignal | undefined
  /** Called after each job and each page. */
  readonly onProgress?: ((counts: ReplayCounts) => void) | undefined
  /** Called with the id of each job that was replayed. */
  readonly onReplayed?: ((id: string) => void) | undefined
}

// Each is a script of about 50 µs, and Redis runs other commands between two of them.
const atOnce = 32
const retryOptions = { firstDelayMs: 500, maxAttempts: 3 }
// After so many failures in a row the queue is the reason, not the jobs.
const mostFailuresInARow = 100

/**
 * Runs failed jobs again with fresh attempts, the oldest first. It leaves out jobs that fail after its
 * start, so it ends and replays no job twice. After an abort, another replay does the rest.
 *
 * @throws the reason of `signal` when it is aborted, and the queue's error when it does not answer.
 */
export async function replayFailed(
  opened: OpenQueue,
  selection: FailedSelection,
  { signal, onProgress, onReplayed }: ReplayOptions = {},
): Promise<ReplayCounts> {
  const counts = { ...nothingReplayed }
  const report = () => onProgress?.({ ...counts })
  const pages: string[][] = []
  for await (const jobs of readFailed(opened, signal)) {
    const choices = jobs.map((job) => ({ id: job.id, choice: selectJob(job, selection) }))
    const ids = choices.filter(({ choice }) => choice === 'selected').map(({ id }) => id)
    pages.push(ids)
    counts.seen += jobs.length
    counts.matched += ids.length
    counts.leftOut += choices.filter(({ choice }) => choice === 'left out').length
    report()
  }

  let failuresInARow = 0
  async function replayOne(id: string): Promise<void> {
    try {
      const end = await retry(() => moveToWaiting(opened, id), { ...retryOptions, signal })
      counts[end] += 1
      failuresInARow = 0
      if (end === 'replayed') onReplayed?.(id)
    } catch (error) {
      signal?.throwIfAborted()
      counts.failed += 1
      failuresInARow += 1
      if (failuresInARow >= mostFailuresInARow) throw error
    }
    report()
  }

  const ids = pages.toReversed().flat().values()
  async function replayNext(): Promise<void> {
    for (const id of ids) {
      signal?.throwIfAborted()
      await replayOne(id)
    }
  }

  // They share one iterator, so each takes the next id. All end before an error is thrown.
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, replayNext))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
  return counts
}

async function moveToWaiting(opened: OpenQueue, id: string): Promise<'replayed' | 'gone'> {
  try {
    // BullMQ needs only the id to move a job, so its data is not read.
    await new Job(bullQueueOf(opened), '', undefined, {}, id).retry('failed', freshAttempts)
    return 'replayed'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === ErrorCode.JobNotExist || code === ErrorCode.JobNotInState) return 'gone'
    throw error
  }
}
