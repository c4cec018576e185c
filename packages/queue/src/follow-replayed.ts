import { setTimeout as sleep } from 'node:timers/promises'
import { retry } from '@clerk-sync/ops'
import { countReasons } from './count-failed.ts'
import type { FailedGroup } from './count-failed.ts'
import { readJobStates } from './job-states.ts'
import { bullQueueOf } from './open-queue.ts'
import type { OpenQueue } from './open-queue.ts'
import { readQueueDepth } from './queue-depth.ts'

/** What became of replayed jobs so far. Every replayed job counts once. */
export interface ReplayedJobs {
  /** Left the queue: a worker has done them. */
  readonly succeeded: number
  /** Are in the failed set again. */
  readonly failed: number
  /** Failed an attempt, and wait for the next one. */
  readonly delayed: number
  readonly active: number
  readonly waiting: number
  /** Of those that failed again, the largest groups first. Similar reasons are one group. */
  readonly reasons: readonly FailedGroup[]
  /** Why nothing moves, while jobs wait: the queue is paused, or no worker has taken any job for 5 s. */
  readonly standstill: 'paused' | 'no worker' | undefined
}

export interface FollowOptions {
  /** Milliseconds to wait for, at most. */
  readonly timeoutMs: number
  /** Ends the waiting; the jobs go on. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((jobs: ReplayedJobs) => void) | undefined
}

const shortestPauseMs = 250
const longestPauseMs = 5_000
// Reading a hundred thousand jobs takes a second: the pauses grow with it.
const pausesPerReading = 5
// A job that failed an attempt is waited for when its next one is near: the first retries take seconds.
const nearMs = 5_000
const standstillMs = 5_000
const retryDelayMs = 500

/** Whether each job has succeeded or failed again. One that waits for its next attempt has failed. */
export const isSettled = ({ active, waiting }: ReplayedJobs) => active === 0 && waiting === 0

/**
 * Waits until each of the jobs has succeeded or failed again. It returns what it knows when the time is
 * over, when `signal` is aborted, and at once when the queue is paused. A job that somebody removes
 * meanwhile counts as succeeded.
 *
 * @throws the queue's error when it does not answer until the time is over.
 */
export async function followReplayed(
  opened: OpenQueue,
  ids: readonly string[],
  { timeoutMs, signal, onProgress }: FollowOptions,
): Promise<ReplayedJobs> {
  const deadline = Date.now() + timeoutMs
  const read = createReading(opened, ids)
  for (;;) {
    const startedAt = Date.now()
    const left = { timeoutMs: Math.max(0, deadline - startedAt), signal }
    // An outage of the queue passes.
    const { jobs, isOver } = await retry(read, { firstDelayMs: retryDelayMs, ...left })
    onProgress?.(jobs)
    const growingMs = (Date.now() - startedAt) * pausesPerReading
    const pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, growingMs))
    const isLate = Date.now() + pauseMs > deadline
    if (isOver || isLate || signal?.aborted || jobs.standstill === 'paused') return jobs
    await sleep(pauseMs, undefined, signal ? { signal } : {}).catch(() => undefined)
    if (signal?.aborted) return jobs
  }
}

/** Reads again and again what became of the jobs; those that have ended are not read again. */
function createReading(opened: OpenQueue, ids: readonly string[]) {
  let open = [...ids]
  let succeeded = 0
  const failedReasons: string[] = []
  const watchStandstill = createStandstillWatch()

  return async (): Promise<{ jobs: ReplayedJobs; isOver: boolean }> => {
    const queue = bullQueueOf(opened)
    const [activeIds, depth, isPaused] = await Promise.all([
      queue.getRanges(['active'], 0, -1, true),
      readQueueDepth(opened),
      queue.isPaused(),
    ])
    const found = await readJobStates(queue, open)
    succeeded += open.length - found.size
    const delayedReasons: string[] = []
    const stillOpen: string[] = []
    let isNear = false
    let waiting = 0
    for (const [id, { state, reason, nextAt }] of found) {
      if (state === 'failed') {
        failedReasons.push(reason)
        continue
      }
      stillOpen.push(id)
      if (state === 'delayed') delayedReasons.push(reason)
      else waiting += 1
      isNear ||= state === 'delayed' && nextAt < Date.now() + nearMs
    }
    open = stillOpen
    const inWorkers = new Set(activeIds)
    const active = open.filter((id) => inWorkers.has(id)).length
    const reasons = countReasons()
    for (const reason of [...failedReasons, ...delayedReasons]) reasons.add(reason)
    const counts = {
      succeeded,
      failed: failedReasons.length,
      delayed: delayedReasons.length,
      active,
      waiting: Math.max(0, waiting - active),
    }
    const isIdle = watchStandstill({ activeIds, waiting: depth.waiting, open: open.length })
    const standstill = waiting > 0 ? toStandstill(isPaused, isIdle) : undefined
    const jobs = { ...counts, reasons: reasons.groups(), standstill } as const
    return { jobs, isOver: isSettled(jobs) && !isNear }
  }
}

function toStandstill(isPaused: boolean, isIdle: boolean): ReplayedJobs['standstill'] {
  if (isPaused) return 'paused'
  return isIdle ? 'no worker' : undefined
}

/**
 * Tells whether workers have taken no job for a while: the same ones are active, none of the followed
 * ended, and no fewer wait. CLIENT LIST would tell the workers, but many hosted servers refuse it, and
 * a worker without its database is connected and takes nothing.
 */
function createStandstillWatch() {
  let last = { active: '', waiting: Infinity, open: Infinity }
  let since = Date.now()
  return (now: { activeIds: readonly string[]; waiting: number; open: number }): boolean => {
    const active = now.activeIds.toSorted().join(' ')
    const hasMoved = active !== last.active || now.open < last.open || now.waiting < last.waiting
    if (hasMoved) since = Date.now()
    last = { active, waiting: now.waiting, open: now.open }
    return Date.now() - since >= standstillMs
  }
}
