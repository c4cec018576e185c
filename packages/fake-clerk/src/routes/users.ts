import { readOrder, readPage } from '../query.ts'
import type { Order, Page } from '../query.ts'
import { invalidParameter } from '../refusal.ts'
import type { ClerkObject } from '../world/clerk-object.ts'
import { primaryEmailAddress } from '../world/primary-email-address.ts'
import type { Walk } from '../world/walk.ts'
import { countList, readList } from './list-page.ts'
import { buildReadRoute } from './route.ts'
import type { Route, RouteRequest } from './route.ts'
import { readUserFilter } from './user-filter.ts'

const orders = [
  'created_at',
  'updated_at',
  'email_address',
  'web3wallet',
  'first_name',
  'last_name',
  'phone_number',
  'username',
  'last_active_at',
  'last_sign_in_at',
]

/** The endpoints of users. */
export const userRoutes: Route[] = [
  { path: '/v1/users', handle: listUsers },
  {
    path: '/v1/users/count',
    handle: ({ store, query }) => ({
      object: 'total_count',
      total_count: countList(store.users, readUserFilter(store, query)),
    }),
  },
  buildReadRoute('/v1/users/{id}', 'user', ({ users }) => users),
]

function listUsers(request: RouteRequest): ClerkObject[] {
  const { store, query } = request
  const page = readPage(query)
  const order = readOrder(query, orders)
  const filter = readUserFilter(store, query)
  const after = readCursor(request, order, page)
  if (after === 'end') return []
  const walk: Walk = { ...filter.walk, ...(after ? { after } : {}) }
  return readList(store.users, { ...filter, page, order, walk, keyOf: userKey })
}

function readCursor({ store, query, deletedCursor }: RouteRequest, order: Order, page: Page) {
  const id = query.get('starting_after')
  if (id === null) return undefined
  const refused = (reason: string) => invalidParameter('starting_after', reason)
  if (order.field !== 'created_at') throw refused('starting_after requires ordering by created_at')
  if (page.offset !== 0) throw refused('starting_after cannot be combined with offset')
  const place = store.users.placeById(id)
  if (place === undefined) throw refused(`${id} is not the id of a user`)
  if (store.users.find(id) || deletedCursor === 'follow') return place
  if (deletedCursor === 'end') return 'end'
  throw refused(`${id} is not the id of a user`)
}

/** What users, or memberships by their users, are sorted by. */
export function userKey(user: ClerkObject, field: string): unknown {
  if (field === 'email_address') return primaryEmailAddress(user)
  if (field === 'phone_number') return user['primary_phone_number_id']
  if (field === 'web3wallet') return user['primary_web3_wallet_id']
  return user[field]
}
