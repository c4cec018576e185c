import { buildObject } from './build-object.ts'
import { birthOf, changeObject } from './change-object.ts'
import type { ClerkObject, Fields } from './clerk-object.ts'
import type { WorldContext } from './store.ts'

/** Builds the functions that change the waitlist. */
export function buildWaitlistEntryChanges({ store, clock, publish }: WorldContext) {
  return {
    createWaitlistEntry: (given: Fields = {}): ClerkObject => {
      const { id, at, fields } = birthOf('wle', clock, given)
      const entry = buildObject('waitlistEntry.created', id, at, fields)
      store.waitlistEntries.add(entry)
      publish('waitlistEntry.created', entry, entry.updated_at)
      return structuredClone(entry)
    },

    updateWaitlistEntry: (id: string, fields: Fields): ClerkObject => {
      const entry = changeObject(store.waitlistEntries, clock, id, fields)
      publish('waitlistEntry.updated', entry, entry.updated_at)
      return structuredClone(entry)
    },

    /** Deletes an entry. Clerk's catalogue has no event for that. */
    deleteWaitlistEntry: (id: string): void => store.waitlistEntries.remove(id),
  }
}
