import type { Order, Page } from '../query.ts'
import type { ClerkObject } from '../world/clerk-object.ts'
import type { Collection } from '../world/collection.ts'
import { compareKeys } from '../world/order-key.ts'
import type { Ref, Walk } from '../world/walk.ts'

/** What a list is asked for. */
export interface ListQuery {
  page: Page
  order: Order
  walk?: Walk
  /** When given, only these may be in the list. */
  candidates?: ClerkObject[]
  matches?: (object: ClerkObject) => boolean
  /** What to sort by, when it is not the time of creation. */
  keyOf?: (object: ClerkObject, field: string) => unknown
}

/** Reads one page; without sorting and matching it costs O(offset + limit) and builds no more. */
export function readList(collection: Collection, query: ListQuery): ClerkObject[] {
  const { limit, offset } = query.page
  const found: ClerkObject[] = []
  let skipped = 0
  for (const ref of refsInOrder(collection, query)) {
    if (found.length === limit) break
    if (query.matches && !query.matches(collection.resolve(ref))) continue
    if (skipped < offset) skipped += 1
    else found.push(collection.resolve(ref))
  }
  return found
}

/** Counts what a list would show in all its pages. */
export function countList(
  collection: Collection,
  { walk, candidates, matches }: Omit<ListQuery, 'page' | 'order'>,
): number {
  if (!walk && !candidates && !matches) return collection.size()
  let count = 0
  for (const ref of candidates ?? collection.walk(walk)) {
    if (!matches || matches(collection.resolve(ref))) count += 1
  }
  return count
}

/** Reads one page in the shape of most lists. */
export function readPaginated(
  collection: Collection,
  query: ListQuery,
  show: (object: ClerkObject) => unknown = (object) => object,
) {
  return {
    data: readList(collection, query).map(show),
    total_count: countList(collection, query),
  }
}

function refsInOrder(collection: Collection, query: ListQuery): Iterable<Ref> {
  const { order, walk, candidates, keyOf } = query
  const { descending } = order
  const direction = descending ? -1 : 1
  if (order.field === 'created_at') {
    return (
      candidates?.toSorted((left, right) => compareKeys(left, right) * direction) ??
      collection.walk({ ...walk, descending })
    )
  }
  // Only the keys are kept while sorting, not the objects.
  const keyed = [...(candidates ?? collection.walk(walk))].map((ref) => {
    const object = collection.resolve(ref)
    return { ref, key: (keyOf ?? fieldOf)(object, order.field) }
  })
  return keyed
    .toSorted((left, right) => compareValues(left.key, right.key) * direction)
    .map(({ ref }) => ref)
}

function fieldOf(object: ClerkObject, field: string): unknown {
  return object[field]
}

// As PostgreSQL sorts: what is null stands behind everything else.
function compareValues(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (typeof left === 'string' && typeof right === 'string') {
    return Number(left > right) - Number(left < right)
  }
  return Number(left == null) - Number(right == null)
}
