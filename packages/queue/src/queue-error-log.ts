import { createErrorLog } from '@clerk-sync/ops'
import type { PlainLogger } from '@clerk-sync/ops'
import { isWrongType } from './key-types.ts'

/** A listener that logs the errors of a queue's connections, a few in a minute at most. */
export function createQueueErrorLog(logger: PlainLogger): (error: Error) => void {
  const logConnection = createErrorLog(logger, 'queue connection error')
  const logWrongType = createErrorLog(
    logger,
    'a key of the queue has a wrong type, so no job can run; /readyz names it and how to rename it',
    { level: 'error' },
  )
  return (error) => (isWrongType(error) ? logWrongType : logConnection)(error)
}
