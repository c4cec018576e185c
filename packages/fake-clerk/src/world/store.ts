import type { Clock } from './clock.ts'
import { createCollection } from './collection.ts'
import { buildGenerated } from './generated.ts'
import { buildGeneratedMembership, buildGeneratedOrganization } from './generated-organizations.ts'
import { buildGeneratedUser } from './generated-users.ts'
import type { Publisher } from './publisher.ts'

/** How many objects there are from the start, computed and not kept. */
export interface GeneratedCounts {
  users?: number
  organizations?: number
}

/** Everything that the fake instance holds. */
export type Store = ReturnType<typeof createStore>

/** What the functions that change the world work on. */
export interface WorldContext {
  store: Store
  clock: Clock
  publish: Publisher['publish']
  /** Whether objects that go with their parent are told of by events of their own. */
  cascadeEvents: boolean
}

/**
 * Creates the collections. Generated user number i is a member of generated organization number
 * i modulo their count, through membership number i.
 */
export function createStore({ users = 0, organizations = 0 }: GeneratedCounts) {
  const generatedUsers = buildGenerated('user', users, buildGeneratedUser)
  const generatedOrganizations = buildGenerated(
    'org',
    organizations,
    (index, id, createdAt) =>
      buildGeneratedOrganization(
        index,
        id,
        createdAt,
        index < users ? generatedUsers.idOf(index) : null,
      ),
    Math.max(users, organizations),
  )
  const generatedMemberships = buildGenerated(
    'orgmem',
    organizations === 0 ? 0 : users,
    (index, id, createdAt) =>
      buildGeneratedMembership(id, createdAt, {
        userId: generatedUsers.idOf(index),
        organizationId: generatedOrganizations.idOf(index % organizations),
        role: index < organizations ? 'org:admin' : 'org:member',
      }),
    Math.max(users, organizations),
  )
  return {
    generatedOrganizations: organizations,
    users: createCollection(generatedUsers),
    organizations: createCollection(generatedOrganizations),
    memberships: createCollection(generatedMemberships, ['user_id', 'organization_id']),
    invitations: createCollection(undefined, ['organization_id']),
    domains: createCollection(undefined, ['organization_id']),
    roles: createCollection(),
    permissions: createCollection(),
    waitlistEntries: createCollection(),
    sessions: createCollection(undefined, ['user_id']),
    subscriptions: createCollection(undefined, ['user_id', 'organization_id']),
    subscriptionItems: createCollection(undefined, [
      'user_id',
      'organization_id',
      'subscription_id',
    ]),
  }
}
