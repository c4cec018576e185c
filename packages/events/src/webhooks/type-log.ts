import { createLogLimit } from '@clerk-sync/ops'
import type { PlainLogger } from '@clerk-sync/ops'
import type { ReadEvent } from './event-job.ts'
import { isEventType } from './event-types.ts'

// Clerk has about fifty types. A sender that has the secret could invent any number.
const mostTypes = 1_000
const otherInstanceEveryMs = 10 * 60_000

/** What a deployment calls the settings that leave events out. */
export interface SettingNames {
  readonly kept: string
  readonly instanceId: string
}

/** Logs each type that clerk-sync does not know, or that is left out, once; events of other instances at times. */
export function createTypeLog(
  logger: PlainLogger,
  names: SettingNames = { kept: 'SYNC_ENTITIES', instanceId: 'CLERK_INSTANCE_ID' },
): (read: ReadEvent, svixId: string) => void {
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
        `event of another Clerk instance dropped, because ${names.instanceId} is set. Has the endpoint of that instance this URL and this secret?`,
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
        `events of this type are dropped: ${names.kept} leaves out what they tell of. Unsubscribe the endpoint from it, or keep it (clerk-sync fields)`,
      )
    }
  }
}
