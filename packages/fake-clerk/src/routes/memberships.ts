import {
  isChosen,
  readChoice,
  readInteger,
  readOrder,
  readPage,
  readValues,
  refuseParameters,
} from '../query.ts'
import type { ClerkObject } from '../world/clerk-object.ts'
import { walkOfOrganization, walkOfUser } from '../world/memberships.ts'
import { showMembership } from '../world/show.ts'
import type { Store } from '../world/store.ts'
import { readPaginated } from './list-page.ts'
import type { ListQuery } from './list-page.ts'
import { findOr404 } from './route.ts'
import type { Route } from './route.ts'
import { readUserConditions } from './user-filter.ts'
import { userKey } from './users.ts'

/** The endpoints of memberships: of the instance, of an organization and of a user. */
export const membershipRoutes: Route[] = [
  {
    path: '/v1/organization_memberships',
    feature: 'organizations',
    handle: ({ store, query }) => list(store, query, {}),
  },
  {
    path: '/v1/organizations/{id}/memberships',
    feature: 'organizations',
    handle: ({ store, query, params }) => {
      const { id } = findOr404(store.organizations, 'organization', params['id'])
      const matches = buildMemberFilter(store, query)
      return list(store, query, { walk: walkOfOrganization(store, id), matches })
    },
  },
  {
    path: '/v1/users/{id}/organization_memberships',
    feature: 'organizations',
    handle: ({ store, query, params }) => {
      const { id } = findOr404(store.users, 'user', params['id'])
      return list(store, query, { walk: walkOfUser(store, id) })
    },
  },
]

function list(store: Store, query: URLSearchParams, which: Pick<ListQuery, 'walk' | 'matches'>) {
  const fields = [
    'phone_number',
    'email_address',
    'created_at',
    'first_name',
    'last_name',
    'username',
  ]
  return readPaginated(
    store.memberships,
    {
      ...which,
      page: readPage(query),
      order: readOrder(query, fields),
      keyOf: (membership, field) => userKey(userOf(store, membership), field),
    },
    (membership) => showMembership(store, membership),
  )
}

// Times and addresses in these parameters are those of the member, not of the membership.
function buildMemberFilter(store: Store, query: URLSearchParams): (object: ClerkObject) => boolean {
  refuseParameters(query, ['web3_wallet', 'phone_number_query'])
  const ids = readChoice(query, 'user_id')
  const roles = readValues(query, 'role')
  const conditions = readUserConditions(query)
  const createdBefore = readInteger(query, 'created_at_before')
  const createdAfter = readInteger(query, 'created_at_after')
  if (createdBefore !== undefined) conditions.push((user) => user.created_at < createdBefore)
  if (createdAfter !== undefined) conditions.push((user) => user.created_at > createdAfter)
  return (membership) =>
    isChosen(ids, String(membership['user_id'])) &&
    (roles?.includes(String(membership['role'])) ?? true) &&
    conditions.every((condition) => condition(userOf(store, membership)))
}

function userOf(store: Store, membership: ClerkObject): ClerkObject {
  return store.users.get(membership['user_id'])
}
