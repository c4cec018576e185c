import { isChosen, readBoolean, readChoice, readOrder, readPage } from '../query.ts'
import { notFound } from '../refusal.ts'
import type { ClerkObject } from '../world/clerk-object.ts'
import { membershipsOfOrganization, walkOfOrganization } from '../world/memberships.ts'
import type { Store } from '../world/store.ts'
import { countList, readPaginated } from './list-page.ts'
import { contains } from './route.ts'
import type { Route, RouteRequest } from './route.ts'

/** The endpoints of organizations themselves. */
export const organizationRoutes: Route[] = [
  { path: '/v1/organizations', feature: 'organizations', handle: listOrganizations },
  {
    path: '/v1/organizations/{id}',
    feature: 'organizations',
    handle: ({ store, query, params }) => {
      const organization = findByIdOrSlug(store, params['id'] ?? '')
      return show(store, query, organization)
    },
  },
]

function listOrganizations({ store, query }: RouteRequest) {
  const ids = readChoice(query, 'organization_id')
  const userIds = readChoice(query, 'user_id')
  const text = query.get('query')
  const isFiltered = ['organization_id', 'user_id', 'query'].some((name) => query.has(name))
  const matches = (organization: ClerkObject) =>
    isChosen(ids, organization.id) &&
    (text === null ||
      organization.id === text ||
      contains(text, organization['name'], organization['slug'])) &&
    (!query.has('user_id') || hasMember(store, organization.id, userIds))
  return readPaginated(
    store.organizations,
    {
      page: readPage(query),
      order: readOrder(query, ['name', 'created_at', 'members_count']),
      keyOf: (organization, field) =>
        field === 'members_count' ? countMembers(store, organization.id) : organization[field],
      ...(isFiltered ? { matches } : {}),
    },
    (organization) => show(store, query, organization),
  )
}

function show(store: Store, query: URLSearchParams, organization: ClerkObject): ClerkObject {
  const withCount = readBoolean(query, 'include_members_count')
  const withMissing = readBoolean(query, 'include_missing_member_with_elevated_permissions')
  return {
    ...organization,
    ...(withCount ? { members_count: countMembers(store, organization.id) } : {}),
    ...(withMissing
      ? { missing_member_with_elevated_permissions: !hasAdmin(store, organization.id) }
      : {}),
  }
}

function findByIdOrSlug(store: Store, idOrSlug: string): ClerkObject {
  const byId = store.organizations.find(idOrSlug)
  if (byId) return byId
  for (const ref of store.organizations.walk()) {
    const organization = store.organizations.resolve(ref)
    if (organization['slug'] === idOrSlug) return organization
  }
  throw notFound('organization', idOrSlug)
}

function countMembers(store: Store, id: string): number {
  return countList(store.memberships, { walk: walkOfOrganization(store, id) })
}

function hasAdmin(store: Store, id: string): boolean {
  return membershipsOfOrganization(store, id).some(({ role }) => role === 'org:admin')
}

function hasMember(store: Store, id: string, choice: ReturnType<typeof readChoice>): boolean {
  const userIds = membershipsOfOrganization(store, id).map((membership) =>
    String(membership['user_id']),
  )
  const isIncluded = choice.included?.some((userId) => userIds.includes(userId)) ?? true
  return isIncluded && !choice.excluded.some((userId) => userIds.includes(userId))
}
