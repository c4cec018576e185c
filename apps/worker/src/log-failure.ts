import { parseEventJob } from '@clerk-sync/events'
import type { Logger } from '@clerk-sync/ops/process'
import type { JobRun } from '@clerk-sync/queue'

/** One line for an attempt that failed; what is in the queue may be no event at all. */
export function logFailure(logger: Logger, run: JobRun, error: Error, final: boolean): void {
  const { jobId, name, attempt } = run
  const { svixId, entityId } = parseEventJob(run.data) ?? {}
  const fields = { svixId, jobId, type: name, entityId, attempt, final, error }
  logger[final ? 'error' : 'warn'](fields, 'event failed')
}
