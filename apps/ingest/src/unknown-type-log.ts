import { isEventType } from '@clerk-sync/events'
import type { Logger } from '@clerk-sync/ops/process'

// Clerk has some fifty types; whoever holds the secret could make up any number.
const mostTypes = 1_000

/** Logs each type that Clerk has added since, once. */
export function createUnknownTypeLog(logger: Logger): (type: string) => void {
  const logged = new Set<string>()
  return (type) => {
    if (isEventType(type) || logged.has(type) || logged.size >= mostTypes) return
    logged.add(type)
    logger.info({ type }, 'a type that clerk-sync does not know yet is recorded in the ledger only')
  }
}
