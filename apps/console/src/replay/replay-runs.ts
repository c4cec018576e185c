import type { Logger } from '@clerk-sync/ops/process'
import { countDone, followReplayed, nothingReplayed, replayFailed } from '@clerk-sync/queue'
import type { FailedSelection, OpenQueue, ReplayCounts, ReplayedJobs } from '@clerk-sync/queue'
import { createRuns } from '../runs.ts'
import type { Run, Runs } from '../runs.ts'

interface ReplayInput {
  readonly selection: FailedSelection
  /** Called when all jobs are back in the queue, before the wait for their end. */
  readonly onReplayed?: () => void
}

interface ReplayProgress {
  readonly counts: ReplayCounts
  /** When the first job was replayed; undefined until then. */
  readonly replayingSince: number | undefined
  /** When all jobs were back in the queue; undefined until then. */
  readonly replayedAt: number | undefined
  /** What became of the replayed jobs; undefined until all are back in the queue. */
  readonly jobs: ReplayedJobs | undefined
}

/** A replay that was started on this console, and the wait for what it replayed. */
export type ReplayRun = Run<ReplayInput, ReplayProgress>
export type ReplayRuns = Runs<ReplayInput, ReplayProgress>

// Nobody has to wait for the page: it may watch for as long as the first attempts of a large replay take.
const waitMs = 30 * 60_000

const firstProgress: ReplayProgress = {
  counts: nothingReplayed,
  replayingSince: undefined,
  replayedAt: undefined,
  jobs: undefined,
}

export function createReplayRuns(opened: OpenQueue, logger: Logger): ReplayRuns {
  return createRuns<ReplayInput, ReplayProgress>(
    {
      nameOf: () => 'replay',
      firstProgress,
      async work({ selection, onReplayed }, { signal, setProgress }) {
        let progress = firstProgress
        const set = (change: Partial<ReplayProgress>) => {
          progress = { ...progress, ...change }
          setProgress(progress)
        }
        const ids: string[] = []
        await replayFailed(opened, selection, {
          signal,
          onReplayed: (id) => void ids.push(id),
          onProgress(counts) {
            const hasBegun = countDone(counts) > 0
            set({
              counts,
              ...(hasBegun ? { replayingSince: progress.replayingSince ?? Date.now() } : {}),
            })
          },
        })
        set({ replayedAt: Date.now() })
        onReplayed?.()
        if (ids.length === 0) return progress
        const onProgress = (jobs: ReplayedJobs) => set({ jobs })
        await followReplayed(opened, ids, { timeoutMs: waitMs, signal, onProgress })
        signal.throwIfAborted()
        return progress
      },
      // The reason that an operator searches for may hold personal data.
      describe: ({ input: { selection }, progress: { counts, jobs } }) => ({
        selection: { ...selection, reason: selection.reason && '…' },
        ...counts,
        jobs: jobs && { ...jobs, reasons: undefined },
      }),
    },
    logger,
  )
}
