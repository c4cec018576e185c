import { isEventType } from '@clerk-sync/events'
import type { ReadEvent } from '@clerk-sync/events'
import { createLogLimit } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'

// Clerk has about fifty types. A sender that has the secret could invent any number.
const mostTypes = 1_000
const otherInstanceEveryMs = 10 * 60_000

/** Logs each type that clerk-sync does not know, or that is left out, once; events of other instances at times. */
export function createTypeLog(logger: Logger): (read: ReadEvent, svixId: string) => void {
  const logged = new Set<string>()
  const nextOfOther = createLogLimit(otherInstanceEveryMs)
  return (read, svixId) => {
    if (read.kind === 'invalid') return
    const { type } = read
    if (read.kind === 'other_instance') {
      const leftOut = nextOfOther('')
      if (leftOut === undefined) return
      const { instanceId } = read
      logger.warn(
        { svixId, type, instanceId, ...(leftOut > 0 && { leftOut }) },
        'event of another Clerk instance dropped, because CLERK_INSTANCE_ID is set. Has the endpoint of that instance this URL and this secret?',
      )
      return
    }
    if (read.kind === 'event' && isEventType(type)) return
    if (logged.has(type) || logged.size >= mostTypes) return
    logged.add(type)
    if (read.kind === 'event') {
      logger.info({ type }, 'unknown event type; only the ledger records its events')
    } else {
      logger.info(
        { svixId, type },
        'events of this type are dropped: SYNC_ENTITIES leaves out what they tell of. Unsubscribe the endpoint from it, or keep it (clerk-sync fields)',
      )
    }
  }
}
