import type { Logger } from '@clerk-sync/ops/process'
import { replayFailed } from '@clerk-sync/queue'
import type { FailedSelection, OpenQueue, ReplayCounts } from '@clerk-sync/queue'

/** A replay that somebody started here. Only this process knows it. */
export interface ReplayRun {
  readonly selection: FailedSelection
  readonly startedBy: string
  readonly startedAt: number
  /** When it had found its jobs; undefined until then. */
  readonly replayingSince: number | undefined
  readonly endedAt: number | undefined
  readonly state: 'reading' | 'replaying' | 'done' | 'stopped' | 'failed'
  readonly counts: ReplayCounts
  /** Why it failed. */
  readonly problem: string | undefined
}

/** One replay at a time. */
export interface ReplayRuns {
  /** The one under way, or the last one. */
  readonly latest: ReplayRun | undefined
  readonly isRunning: boolean
  /** Resolves with its end; undefined when another one is under way. */
  start(selection: FailedSelection, startedBy: string): Promise<ReplayRun> | undefined
  stop(): void
  /** Stops what is under way and waits for it. */
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
          const isReplaying = soFar.replayed + soFar.gone + soFar.failed > 0
          if (!isReplaying) return set({ counts: soFar })
          const replayingSince = current.replayingSince ?? Date.now()
          return set({ counts: soFar, state: 'replaying', replayingSince })
        },
      })
      set({ counts, state: 'done' })
    } catch (error) {
      if (signal.aborted) set({ state: 'stopped' })
      else {
        set({ state: 'failed', problem: error instanceof Error ? error.message : String(error) })
        logger.error({ error }, 'a replay failed')
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

// A part of a reason may be somebody's address that was pasted in.
function described({ startedBy, selection, counts }: ReplayRun) {
  return { startedBy, selection: { ...selection, reason: selection.reason && '…' }, ...counts }
}
