import type { Logger } from '@clerk-sync/ops/process'

/** Whether the database can work now. Shared by the writer, the consumer and the readiness check. */
export interface DatabaseAvailability {
  /** Why the database can't work, for a person; undefined while it works. */
  readonly problem: string | undefined
  /** The writer or the start-up found the database unavailable. Often called again. */
  unavailable(problem: string): void
  /** The writer or the start-up found that the database works. Often called again. */
  available(): void
  /** `pause` is called when the database becomes unavailable, `resume` when it works again. */
  onChange(listener: { pause(): void; resume(): void }): void
}

/** It begins as unavailable: nothing has connected yet. */
export function createDatabaseAvailability(logger: Logger): DatabaseAvailability {
  let problem: string | undefined = 'not connected yet'
  let listener: { pause(): void; resume(): void } | undefined
  return {
    get problem() {
      return problem
    },
    unavailable(reason) {
      const wasAvailable = problem === undefined
      problem = reason
      if (!wasAvailable || !listener) return
      logger.warn(
        { problem },
        'the database is unavailable; fetching jobs is paused until it works',
      )
      listener.pause()
    },
    available() {
      const wasAvailable = problem === undefined
      problem = undefined
      if (wasAvailable || !listener) return
      logger.info('the database works again; fetching jobs resumes')
      listener.resume()
    },
    onChange(added) {
      listener = added
    },
  }
}
