import type { Job } from 'bullmq'

/**
 * Whether an attempt of the job failed before, so that its timestamp does not say since when it
 * waits. Of one that was replayed Redis keeps the stack; PostgreSQL forgets it.
 */
export function hasFailedBefore({ attemptsMade, stacktrace }: Job): boolean {
  return attemptsMade > 0 || (stacktrace?.length ?? 0) > 0
}
