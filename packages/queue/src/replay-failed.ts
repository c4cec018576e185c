import { setTimeout as sleep } from 'node:timers/promises'
import { ErrorCode, Job } from 'bullmq'
import { isSelected, readFailed } from './failed-jobs.ts'
import type { FailedSelection } from './failed-jobs.ts'
import type { OpenQueue } from './open-queue.ts'
import { freshAttempts } from './rerun-job.ts'

/** How far a replay is. */
export interface ReplayCounts {
  /** Failed jobs that were looked at. */
  readonly seen: number
  /** Those of them that are to be replayed. */
  readonly matched: number
  readonly replayed: number
  /** Left the failed set before their turn: somebody else replayed or removed them. */
  readonly gone: number
  /** The queue refused to move them; they stay failed. */
  readonly failed: number
}

/** How many of the matched jobs have had their turn, whatever came of it. */
export function countDone({ replayed, gone, failed }: ReplayCounts): number {
  return replayed + gone + failed
}

export interface ReplayOptions {
  readonly signal?: AbortSignal | undefined
  /** Called often. */
  readonly onProgress?: ((counts: ReplayCounts) => void) | undefined
}

// Each is a script of some 50 µs for Redis, which does other things in between.
const atOnce = 32
const triesPerJob = 3
const pauseBetweenTriesMs = 500
// So many in a row and it is the queue, not the jobs.
const mostFailuresInARow = 100

/**
 * Runs failed jobs again, with all their attempts, oldest first. Jobs that fail after it began are
 * left alone, so that it ends and replays none twice. Stopped in the middle it has done no harm:
 * running it again goes on.
 *
 * @throws the reason of `signal` when it is aborted, or the queue's error when that does not answer.
 */
export async function replayFailed(
  opened: OpenQueue,
  selection: FailedSelection,
  { signal, onProgress }: ReplayOptions = {},
): Promise<ReplayCounts> {
  const counts = { seen: 0, matched: 0, replayed: 0, gone: 0, failed: 0 }
  const tell = () => onProgress?.({ ...counts })
  const pages: string[][] = []
  for await (const jobs of readFailed(opened, signal)) {
    const ids = jobs.filter((job) => isSelected(job, selection)).map(({ id }) => id)
    pages.push(ids)
    counts.seen += jobs.length
    counts.matched += ids.length
    tell()
  }

  let failuresInARow = 0
  async function replay(id: string): Promise<void> {
    try {
      const end = await retryReplay(opened, id, signal)
      counts[end] += 1
      failuresInARow = 0
    } catch (error) {
      signal?.throwIfAborted()
      counts.failed += 1
      failuresInARow += 1
      if (failuresInARow >= mostFailuresInARow) throw error
    }
    tell()
  }

  const ids = pages.toReversed().flat().values()
  async function replayNext(): Promise<void> {
    for (const id of ids) {
      signal?.throwIfAborted()
      await replay(id)
    }
  }

  // One iterator for all: each takes the next id. All are waited for, also when one throws.
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, replayNext))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
  return counts
}

async function retryReplay(
  opened: OpenQueue,
  id: string,
  signal: AbortSignal | undefined,
): Promise<'replayed' | 'gone'> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await retry(opened, id)
    } catch (error) {
      if (tries === triesPerJob) throw error
      await sleep(pauseBetweenTriesMs, undefined, signal ? { signal } : {})
    }
  }
}

async function retry({ queue }: OpenQueue, id: string): Promise<'replayed' | 'gone'> {
  try {
    // BullMQ moves a job by its id alone: its data need not be read.
    await new Job(queue, '', undefined, {}, id).retry('failed', freshAttempts)
    return 'replayed'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === ErrorCode.JobNotExist || code === ErrorCode.JobNotInState) return 'gone'
    throw error
  }
}
