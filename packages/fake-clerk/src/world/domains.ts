import { buildObject } from './build-object.ts'
import { birthOf, changeObject, deletedObject } from './change-object.ts'
import type { ClerkObject, Fields } from './clerk-object.ts'
import { showDomain } from './show.ts'
import type { WorldContext } from './store.ts'

/** Builds the functions that change organizations' domains. */
export function buildDomainChanges({ store, clock, publish }: WorldContext) {
  return {
    /** Adds the domain `name` to `organization_id`. */
    createDomain: (given: Fields): ClerkObject => {
      const { id, at, fields } = birthOf('orgdmn', clock, given)
      store.organizations.get(fields['organization_id'])
      const domain = buildObject('organizationDomain.created', id, at, fields)
      store.domains.add(domain)
      const shown = showDomain(store, domain)
      publish('organizationDomain.created', shown, domain.updated_at)
      return structuredClone(shown)
    },

    updateDomain: (id: string, fields: Fields): ClerkObject => {
      const domain = changeObject(store.domains, clock, id, fields)
      const shown = showDomain(store, domain)
      publish('organizationDomain.updated', shown, domain.updated_at)
      return structuredClone(shown)
    },

    deleteDomain: (id: string): void => {
      const domain = store.domains.get(id)
      store.domains.remove(id)
      publish('organizationDomain.deleted', deletedObject(domain), clock())
    },
  }
}
