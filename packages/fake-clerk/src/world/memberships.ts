import { buildMembership, describeRole } from './build-object.ts'
import { birthOf, changeObject } from './change-object.ts'
import type { ClerkObject, Fields } from './clerk-object.ts'
import type { Store, WorldContext } from './store.ts'
import { showMembership } from './show.ts'
import type { Walk } from './walk.ts'

/** More than any index, so that a walk by it takes one object at most. */
const once = Number.MAX_SAFE_INTEGER

/** Builds the functions that change memberships. */
export function buildMembershipChanges(context: WorldContext) {
  const { store, clock, publish } = context
  return {
    /**
     * Makes `user_id` a member of `organization_id`, as `org:member` unless `role` is given.
     *
     * @throws when they are a member already or one of the two doesn't exist.
     */
    createMembership: (fields: Fields): ClerkObject => addMembership(context, fields),

    /** Changes a membership; a new `role` brings its name and permissions along. */
    updateMembership: (id: string, fields: Fields): ClerkObject => {
      const role = typeof fields['role'] === 'string' ? describeRole(fields['role']) : {}
      const membership = changeObject(store.memberships, clock, id, { ...role, ...fields })
      const shown = showMembership(store, membership)
      publish('organizationMembership.updated', shown, membership.updated_at)
      return structuredClone(shown)
    },

    deleteMembership: (id: string): void => {
      const membership = store.memberships.get(id)
      removeMemberships({ store, publish, cascadeEvents: true }, [membership], clock())
    },
  }
}

/** Adds a membership and tells of it. */
export function addMembership({ store, clock, publish }: WorldContext, given: Fields): ClerkObject {
  const { id, at, fields } = birthOf('orgmem', clock, given)
  const user = store.users.get(fields['user_id'])
  const organization = store.organizations.get(fields['organization_id'])
  const isMember = membershipsOfUser(store, user.id).some(
    ({ organization_id: organizationId }) => organizationId === organization.id,
  )
  if (isMember) throw new Error(`${user.id} is a member of ${organization.id} already`)
  const membership = buildMembership(id, at, fields)
  store.memberships.add(membership)
  const shown = showMembership(store, membership)
  publish('organizationMembership.created', shown, membership.updated_at)
  return structuredClone(shown)
}

/**
 * Removes memberships and, with `cascadeEvents`, tells of each. Unlike other deletes that event
 * carries the whole membership, with the `updated_at` of before.
 */
export function removeMemberships(
  { store, publish, cascadeEvents }: Pick<WorldContext, 'store' | 'publish' | 'cascadeEvents'>,
  memberships: ClerkObject[],
  at: number,
): void {
  for (const membership of memberships) {
    const shown = showMembership(store, membership)
    store.memberships.remove(membership.id)
    if (cascadeEvents) publish('organizationMembership.deleted', shown, at)
  }
}

export function membershipsOfUser(store: Store, userId: string): ClerkObject[] {
  return [...store.memberships.walk(walkOfUser(store, userId))].map(store.memberships.resolve)
}

export function membershipsOfOrganization(store: Store, organizationId: string): ClerkObject[] {
  const walk = walkOfOrganization(store, organizationId)
  return [...store.memberships.walk(walk)].map(store.memberships.resolve)
}

/** Walks over the memberships of one user. */
export function walkOfUser(store: Store, userId: string): Walk {
  const index = store.users.indexOf(userId)
  return { group: userId, generated: { first: index ?? once, step: once } }
}

/** Walks over the memberships of one organization. */
export function walkOfOrganization(store: Store, organizationId: string): Walk {
  const first = store.organizations.indexOf(organizationId)
  if (first === undefined) {
    return { group: organizationId, generated: { first: once, step: once } }
  }
  return { group: organizationId, generated: { first, step: store.generatedOrganizations } }
}
