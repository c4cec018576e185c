import { buildObject } from './build-object.ts'
import { birthOf, changeObject, deletedObject } from './change-object.ts'
import type { ClerkObject, Fields } from './clerk-object.ts'
import type { WorldContext } from './store.ts'

/** Builds the functions that change permissions. */
export function buildPermissionChanges({ store, clock, publish }: WorldContext) {
  return {
    createPermission: (given: Fields = {}): ClerkObject => {
      const { id, at, fields } = birthOf('perm', clock, given)
      const permission = buildObject('permission.created', id, at, fields)
      store.permissions.add(permission)
      publish('permission.created', permission, permission.updated_at)
      return structuredClone(permission)
    },

    updatePermission: (id: string, fields: Fields): ClerkObject => {
      const permission = changeObject(store.permissions, clock, id, fields)
      publish('permission.updated', permission, permission.updated_at)
      return structuredClone(permission)
    },

    /** Deletes a permission, which its roles then lack. */
    deletePermission: (id: string): void => {
      const permission = store.permissions.get(id)
      store.permissions.remove(id)
      publish('permission.deleted', deletedObject(permission), clock())
    },
  }
}
