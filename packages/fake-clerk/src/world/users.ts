import { buildUser, withEmailAddresses } from './build-object.ts'
import { birthOf, changeObject, deletedObject, findGroup } from './change-object.ts'
import type { ClerkObject, Fields } from './clerk-object.ts'
import { membershipsOfUser, removeMemberships } from './memberships.ts'
import type { WorldContext } from './store.ts'

/** Builds the functions that change users. */
export function buildUserChanges({ store, clock, publish, cascadeEvents }: WorldContext) {
  return {
    /** Creates a user; `email_address` may be one address or several. */
    createUser: (fields: Fields = {}): ClerkObject => {
      const birth = birthOf('user', clock, fields)
      const user = buildUser(birth.id, birth.at, birth.fields)
      store.users.add(user)
      publish('user.created', user, user.updated_at)
      return structuredClone(user)
    },

    /** Changes a user; `email_address` replaces all addresses. */
    updateUser: (id: string, fields: Fields): ClerkObject => {
      const { email_address: addresses, ...rest } = fields
      let user = changeObject(store.users, clock, id, rest)
      if (addresses !== undefined) {
        user = withEmailAddresses(user, addresses)
        store.users.replace(user)
      }
      publish('user.updated', user, user.updated_at)
      return structuredClone(user)
    },

    /** Deletes a user with their memberships, sessions and subscriptions. */
    deleteUser: (id: string): void => {
      const user = store.users.get(id)
      const at = clock()
      removeMemberships({ store, publish, cascadeEvents }, membershipsOfUser(store, id), at)
      for (const kind of [store.sessions, store.subscriptions, store.subscriptionItems]) {
        for (const object of findGroup(kind, id)) kind.remove(object.id)
      }
      store.users.remove(id)
      const { external_id: externalId } = user
      publish(
        'user.deleted',
        deletedObject(user, externalId == null ? {} : { external_id: externalId }),
        at,
      )
    },
  }
}
