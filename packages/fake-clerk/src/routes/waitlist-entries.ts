import { readOrder, readPage, readValues } from '../query.ts'
import type { ClerkObject } from '../world/clerk-object.ts'
import { readPaginated } from './list-page.ts'
import { contains } from './route.ts'
import type { Route } from './route.ts'

const statuses = ['pending', 'invited', 'completed', 'rejected']

/** The endpoint of the waitlist. */
export const waitlistEntryRoutes: Route[] = [
  {
    path: '/v1/waitlist_entries',
    handle: ({ store, query }) => {
      const asked = readValues(query, 'status', statuses)
      const text = query.get('query')
      return readPaginated(store.waitlistEntries, {
        page: readPage(query),
        order: readOrder(query, ['created_at', 'email_address', 'invited_at']),
        keyOf: keyOf,
        matches: ({ id, status, email_address: address }) =>
          (asked?.includes(String(status)) ?? true) &&
          (text === null || contains(text, id, address)),
      })
    },
  },
]

function keyOf(entry: ClerkObject, field: string): unknown {
  if (field !== 'invited_at') return entry[field]
  return (entry['invitation'] as { created_at: number } | null)?.created_at
}
