import { notFound } from '../refusal.ts'
import type { ClerkObject } from '../world/clerk-object.ts'
import type { Collection } from '../world/collection.ts'
import type { Store } from '../world/store.ts'

/** What Clerk may have switched off for an instance. */
export type Feature = 'organizations' | 'billing'

/**
 * What a list answers to a cursor that was deleted since: Clerk doesn't say. It may refuse it, end
 * the list there or go on behind the place where the object stood.
 */
export type DeletedCursor = 'refuse' | 'end' | 'follow'

/** What a handler sees of a request. */
export interface RouteRequest {
  store: Store
  query: URLSearchParams
  /** The parts of the path that stand in braces in its template. */
  params: Record<string, string>
  deletedCursor: DeletedCursor
}

/** One endpoint. `handle` returns the body of a 200. */
export interface Route {
  path: string
  feature?: Feature
  /** @throws {Refusal} for any other answer. */
  handle: (request: RouteRequest) => unknown
}

/** Builds the endpoint that reads one object by its id. */
export function buildReadRoute(
  path: string,
  kind: string,
  collectionOf: (store: Store) => Collection,
  show: (store: Store, object: ClerkObject) => unknown = (_store, object) => object,
): Route {
  return {
    path,
    handle: ({ store, params }) => show(store, findOr404(collectionOf(store), kind, params['id'])),
  }
}

/** Finds an object by id. */
export function findOr404(collection: Collection, kind: string, id = ''): ClerkObject {
  const object = collection.find(id)
  if (object === undefined) throw notFound(kind, id)
  return object
}

/** Whether one of these texts contains a search query, whatever the case. */
export function contains(query: string, ...texts: unknown[]): boolean {
  const part = query.toLowerCase()
  return texts.some((text) => typeof text === 'string' && text.toLowerCase().includes(part))
}
