import { readOrder, readPage } from '../query.ts'
import type { ClerkObject } from '../world/clerk-object.ts'
import type { Collection } from '../world/collection.ts'
import { showRole } from '../world/show.ts'
import { readPaginated } from './list-page.ts'
import { buildReadRoute, contains } from './route.ts'
import type { Route } from './route.ts'

/** The endpoints of roles and permissions. */
export const roleRoutes: Route[] = withFeature([
  {
    path: '/v1/organization_roles',
    handle: ({ store, query }) => list(store.roles, query, (role) => showRole(store, role)),
  },
  buildReadRoute('/v1/organization_roles/{id}', 'role', ({ roles }) => roles, showRole),
  {
    path: '/v1/organization_permissions',
    handle: ({ store, query }) => list(store.permissions, query, (permission) => permission),
  },
  buildReadRoute(
    '/v1/organization_permissions/{id}',
    'permission',
    ({ permissions }) => permissions,
  ),
])

function withFeature(routes: Route[]): Route[] {
  return routes.map((route) => ({ ...route, feature: 'organizations' }))
}

function list(
  collection: Collection,
  query: URLSearchParams,
  show: (object: ClerkObject) => unknown,
) {
  const text = query.get('query')
  return readPaginated(
    collection,
    {
      page: readPage(query),
      order: readOrder(query, ['created_at', 'name', 'key']),
      matches: ({ id, name, key }) => text === null || id === text || contains(text, name, key),
    },
    show,
  )
}
