import { entities } from '@clerk-sync/events'
import type { EntityApi } from '@clerk-sync/events'
import type { FakeClerk } from '@clerk-sync/fake-clerk'
import { walk } from '@clerk-sync/events/backend-api'
import type { BackendApi, Position } from '@clerk-sync/events/backend-api'

/** What Clerk's list at a path can do, as its entity declares it. */
export function listAt(path: string): Pick<EntityApi, 'list' | 'hasCursor'> {
  return entities.find(({ api }) => api?.list === path)?.api ?? { list: path }
}

/** Walks to the end: the ids of each page, and where it stood behind it. */
export async function walkAll(api: BackendApi, path: string, from?: Position) {
  const pages: string[][] = []
  const positions: Position[] = []
  for await (const { items, position } of walk(api, listAt(path), from)) {
    pages.push(items.map(({ id }) => String(id)))
    // As it comes back from where it was kept.
    positions.push(JSON.parse(JSON.stringify(position)) as Position)
  }
  return { pages, ids: pages.flat(), positions }
}

const collections = {
  '/users': 'users',
  '/organizations': 'organizations',
  '/organization_memberships': 'memberships',
  '/organization_invitations': 'invitations',
  '/organization_domains': 'domains',
  '/organization_roles': 'roles',
  '/organization_permissions': 'permissions',
  '/waitlist_entries': 'waitlistEntries',
} as const

export type ListPath = keyof typeof collections

/** What a list of the fake holds, without asking it. */
export function collectionOf({ world }: FakeClerk, path: ListPath) {
  const collection = world.store[collections[path]]
  const ids = () => [...collection.walk()].map((ref) => collection.resolve(ref).id)
  return {
    ids,
    remove: (gone: readonly string[]) => {
      for (const id of gone) collection.remove(id)
    },
  }
}
