import { buildObject } from './build-object.ts'
import { birthOf, changeObject, deletedObject } from './change-object.ts'
import type { ClerkObject, Fields } from './clerk-object.ts'
import { showRole } from './show.ts'
import type { WorldContext } from './store.ts'

/** Builds the functions that change roles; `permissions` are given as ids. */
export function buildRoleChanges({ store, clock, publish }: WorldContext) {
  return {
    createRole: (given: Fields = {}): ClerkObject => {
      const { id, at, fields } = birthOf('role', clock, { permissions: [], ...given })
      const { permissions: _, ...role } = buildObject('role.created', id, at, withIds(fields))
      store.roles.add(role)
      const shown = showRole(store, role)
      publish('role.created', shown, shown.updated_at)
      return structuredClone(shown)
    },

    updateRole: (id: string, fields: Fields): ClerkObject => {
      const shown = showRole(store, changeObject(store.roles, clock, id, withIds(fields)))
      publish('role.updated', shown, shown.updated_at)
      return structuredClone(shown)
    },

    deleteRole: (id: string): void => {
      const role = store.roles.get(id)
      store.roles.remove(id)
      publish('role.deleted', deletedObject(role), clock())
    },
  }
}

function withIds({ permissions, ...fields }: Fields): Fields {
  return permissions === undefined ? fields : { ...fields, permission_ids: permissions }
}
