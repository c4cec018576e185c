import { readBoolean, readPage, readValues } from '../query.ts'
import { missingParameters } from '../refusal.ts'
import type { ClerkObject } from '../world/clerk-object.ts'
import { readPaginated } from './list-page.ts'
import { buildReadRoute } from './route.ts'
import type { Route, RouteRequest } from './route.ts'

const statuses = ['abandoned', 'active', 'ended', 'expired', 'removed', 'replaced', 'revoked']

/** The endpoints of sessions. */
export const sessionRoutes: Route[] = [
  { path: '/v1/sessions', handle: listSessions },
  buildReadRoute(
    '/v1/sessions/{id}',
    'session',
    ({ sessions }) => sessions,
    (_store, session) => show(session),
  ),
]

function listSessions({ store, query }: RouteRequest) {
  const userId = query.get('user_id')
  const clientId = query.get('client_id')
  if (userId === null && clientId === null) throw missingParameters(['client_id', 'user_id'])
  const asked = readValues(query, 'status', statuses)
  const list = readPaginated(
    store.sessions,
    {
      page: readPage(query),
      order: { field: 'created_at', descending: true },
      matches: (session) =>
        (userId === null || session['user_id'] === userId) &&
        (clientId === null || session['client_id'] === clientId) &&
        (asked?.includes(String(session['status'])) ?? true),
    },
    show,
  )
  // The catalogue knows the array only, but the SDK asks for `paginated` and reads the other shape.
  return readBoolean(query, 'paginated') ? list : list.data
}

function show(session: ClerkObject): ClerkObject {
  return { ...session, tasks: null }
}
