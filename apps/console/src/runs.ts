import { errorMessage } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'

/** Long work that an operator started on this console. It is kept in memory only. */
export interface Run<Input, Progress> {
  readonly input: Input
  readonly startedBy: string
  readonly startedAt: number
  readonly endedAt: number | undefined
  readonly state: 'running' | 'done' | 'stopped' | 'failed'
  readonly progress: Progress
  /** Why it failed. */
  readonly problem: string | undefined
}

/** One run at a time. */
export interface Runs<Input, Progress> {
  /** The run under way, or the last one. */
  readonly latest: Run<Input, Progress> | undefined
  readonly isRunning: boolean
  /** Resolves when it has ended; undefined when another one is under way. */
  start(input: Input, startedBy: string): Promise<Run<Input, Progress>> | undefined
  stop(): void
  /** Stops the run under way and waits for its end. */
  close(): Promise<void>
}

export interface RunKind<Input, Progress> {
  /** What the log calls it. */
  readonly nameOf: (input: Input) => string
  readonly firstProgress: Progress
  /** Does the work, and returns its last progress. It rejects where it was stopped before its end. */
  readonly work: (
    input: Input,
    run: {
      readonly startedBy: string
      readonly signal: AbortSignal
      readonly setProgress: (progress: Progress) => void
    },
  ) => Promise<Progress>
  /** What the log says of it, without personal data. */
  readonly describe: (run: Run<Input, Progress>) => object
}

export function createRuns<Input, Progress>(
  kind: RunKind<Input, Progress>,
  logger: Logger,
): Runs<Input, Progress> {
  let latest: Run<Input, Progress> | undefined
  let stopping = new AbortController()
  let ended: Promise<Run<Input, Progress>> | undefined

  const log = (logged: Run<Input, Progress>, message: string) =>
    logger.info({ startedBy: logged.startedBy, ...kind.describe(logged) }, message)

  async function run(begun: Run<Input, Progress>, signal: AbortSignal) {
    let current = begun
    const set = (change: Partial<Run<Input, Progress>>) => {
      current = { ...current, ...change }
      latest = current
    }
    set({})
    const name = kind.nameOf(begun.input)
    log(current, `${name} started`)
    const setProgress = (progress: Progress) => set({ progress })
    const { startedBy } = begun
    try {
      const progress = await kind.work(begun.input, { startedBy, signal, setProgress })
      set({ progress, state: 'done' })
    } catch (error) {
      if (signal.aborted) set({ state: 'stopped' })
      else {
        set({ state: 'failed', problem: errorMessage(error) })
        logger.error({ error }, `the ${name} failed`)
      }
    }
    set({ endedAt: Date.now() })
    ended = undefined
    log(current, `${name} ${current.state}`)
    return current
  }

  return {
    get latest() {
      return latest
    },
    get isRunning() {
      return ended !== undefined
    },
    start(input, startedBy) {
      if (ended) return undefined
      stopping = new AbortController()
      const begun: Run<Input, Progress> = {
        input,
        startedBy,
        startedAt: Date.now(),
        endedAt: undefined,
        state: 'running',
        progress: kind.firstProgress,
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
