import { buildOrganization } from './build-object.ts'
import { birthOf, changeObject, deletedObject, findGroup } from './change-object.ts'
import type { ClerkObject, Fields } from './clerk-object.ts'
import { addMembership, membershipsOfOrganization, removeMemberships } from './memberships.ts'
import type { WorldContext } from './store.ts'

/** Builds the functions that change organizations. */
export function buildOrganizationChanges(context: WorldContext) {
  const { store, clock, publish, cascadeEvents } = context
  return {
    /** Creates an organization; `created_by`, when given, becomes its first admin, as in Clerk. */
    createOrganization: (given: Fields = {}): ClerkObject => {
      const { id, at, fields } = birthOf('org', clock, given)
      const { created_by: creator } = fields
      // Before anything changes: an unknown creator must not leave an organization behind.
      if (creator !== undefined) store.users.get(creator)
      const organization = buildOrganization(id, at, fields)
      store.organizations.add(organization)
      publish('organization.created', organization, organization.updated_at)
      if (creator !== undefined) {
        addMembership(context, { organization_id: id, user_id: creator, role: 'org:admin' })
      }
      return structuredClone(organization)
    },

    updateOrganization: (id: string, fields: Fields): ClerkObject => {
      const organization = changeObject(store.organizations, clock, id, fields)
      publish('organization.updated', organization, organization.updated_at)
      return structuredClone(organization)
    },

    /** Deletes an organization with its memberships, invitations, domains and subscriptions. */
    deleteOrganization: (id: string): void => {
      const organization = store.organizations.get(id)
      const at = clock()
      removeMemberships({ store, publish, cascadeEvents }, membershipsOfOrganization(store, id), at)
      for (const domain of findGroup(store.domains, id)) {
        store.domains.remove(domain.id)
        if (cascadeEvents) publish('organizationDomain.deleted', deletedObject(domain), at)
      }
      for (const kind of [store.invitations, store.subscriptions, store.subscriptionItems]) {
        for (const object of findGroup(kind, id)) kind.remove(object.id)
      }
      store.organizations.remove(id)
      publish(
        'organization.deleted',
        deletedObject(organization, { slug: organization['slug'] }),
        at,
      )
    },
  }
}
