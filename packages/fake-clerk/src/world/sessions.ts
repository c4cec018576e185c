import { buildObject } from './build-object.ts'
import { birthOf, changeObject } from './change-object.ts'
import type { ClerkObject, Fields } from './clerk-object.ts'
import type { WorldContext } from './store.ts'

/** Builds the functions that change sessions. */
export function buildSessionChanges({ store, clock, publish }: WorldContext) {
  const withUser = (session: ClerkObject) => ({
    ...session,
    user: store.users.get(session['user_id']),
  })

  return {
    /**
     * Signs `user_id` in, which moves the user's `last_sign_in_at` and `updated_at`. Whether Clerk
     * sends a `user.updated` then is not known; here it doesn't.
     */
    createSession: (given: Fields): ClerkObject => {
      const { id, at, fields } = birthOf('sess', clock, given)
      changeObject(store.users, clock, String(fields['user_id']), { last_sign_in_at: at })
      const { user: _, ...session } = buildObject('session.created', id, at, fields)
      store.sessions.add(session)
      const type = session['status'] === 'pending' ? 'session.pending' : 'session.created'
      publish(type, withUser(session), session['updated_at'])
      return structuredClone(session)
    },

    endSession: (id: string, status: 'ended' | 'removed' | 'revoked' = 'ended'): ClerkObject => {
      const session = changeObject(store.sessions, clock, id, { status })
      publish(`session.${status}`, withUser(session), session.updated_at)
      return structuredClone(session)
    },
  }
}
