import { errorMessage } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'
import { countDone, replayFailed } from '@clerk-sync/queue'
import type { FailedSelection, OpenQueue, ReplayCounts } from '@clerk-sync/queue'

/** A replay that was started on this console. It is kept in memory only. */
export interface ReplayRun {
  readonly selection: FailedSelection
  readonly startedBy: string
  readonly startedAt: number
  /** When the first job was replayed; undefined until then. */
  readonly replayingSince: number | undefined
  readonly endedAt: number | undefined
  readonly state: 'reading' | 'replaying' | 'done' | 'stopped' | 'failed'
  readonly counts: ReplayCounts
  /** Why it failed. */
  readonly problem: string | undefined
}

/** One replay at a time. */
export interface ReplayRuns {
  /** The running replay, or the last one. */
  readonly latest: ReplayRun | undefined
  readonly isRunning: boolean
  /** Resolves when it has ended; undefined when another replay is running. */
  start(selection: FailedSelection, startedBy: string): Promise<ReplayRun> | undefined
  stop(): void
  /** Stops the running replay and waits for its end. */
  close(): Promise<void>
}

const nothing: ReplayCounts = { seen: 0, matched: 0, replayed: 0, gone: 0, failed: 0 }

export function createReplayRuns(opened: OpenQueue, logger: Logger): ReplayRuns {
  let latest: ReplayRun | undefined
  let stopping = new AbortController()
  let ended: Promise<ReplayRun> | undefined

  async function run(begun: ReplayRun, signal: AbortSignal): Promise<ReplayRun> {
    let current = begun
    const set = (change: Partial<ReplayRun>) => {
      current = { ...current, ...change }
      latest = current
    }
    set({})
    logger.info(described(current), 'replay started')
    try {
      const counts = await replayFailed(opened, begun.selection, {
        signal,
        onProgress(soFar) {
          if (countDone(soFar) === 0) return set({ counts: soFar })
          const replayingSince = current.replayingSince ?? Date.now()
          return set({ counts: soFar, state: 'replaying', replayingSince })
        },
      })
      set({ counts, state: 'done' })
    } catch (error) {
      if (signal.aborted) set({ state: 'stopped' })
      else {
        set({ state: 'failed', problem: errorMessage(error) })
        logger.error({ error }, 'the replay failed')
      }
    }
    set({ endedAt: Date.now() })
    ended = undefined
    logger.info(described(current), `replay ${current.state}`)
    return current
  }

  return {
    get latest() {
      return latest
    },
    get isRunning() {
      return ended !== undefined
    },
    start(selection, startedBy) {
      if (ended) return undefined
      stopping = new AbortController()
      const begun: ReplayRun = {
        selection,
        startedBy,
        startedAt: Date.now(),
        replayingSince: undefined,
        endedAt: undefined,
        state: 'reading',
        counts: nothing,
        problem: undefined,
      }
      ended = run(begun, stopping.signal)
      return ended
    },
    stop: () => stopping.abort(),
    async close() {
      stopping.abort()
      await ended
    },
  }
}

// The reason that an operator searches for may hold personal data.
function described({ startedBy, selection, counts }: ReplayRun) {
  return { startedBy, selection: { ...selection, reason: selection.reason && '…' }, ...counts }
}
