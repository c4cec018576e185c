import { isClerkObject } from '../entities/column.ts'
import type { ClerkObject, EntityApi } from '../entities/entity.ts'
import type { BackendApi, Params } from './backend-api.ts'
import { ApiRefusedError, FeatureNotEnabledError } from './errors.ts'

/** Clerk's largest. */
const pageSize = 500
// So many may be deleted between two pages before the walk has to go back.
const overlap = 50
const trailStep = 10

/** Where a walk stands; a walk that was given it goes on behind that page. */
export interface Position {
  /** The last user, for the list that has a cursor. */
  readonly after?: string
  readonly createdAt?: number
  /** Where the next page begins, for the lists that have none. */
  readonly offset?: number
  /** Every tenth id of the page before it, the last one included. */
  readonly trail?: readonly string[]
}

export interface Page {
  readonly items: readonly ClerkObject[]
  readonly position: Position
  /** How many there are in all, where the list says so. */
  readonly total: number | undefined
}

type Entry = ClerkObject & { readonly id: string }

/**
 * Walks through a list from its oldest entry to its newest, a page at a time. What is there from
 * the start to the end of the walk comes at least once, whatever is created or deleted meanwhile.
 *
 * @throws what `api.get` throws.
 */
export function walk(
  api: BackendApi,
  { list, hasCursor }: Pick<EntityApi, 'list' | 'hasCursor'>,
  from: Position = {},
): AsyncGenerator<Page> {
  return hasCursor ? walkByCursor(api, list, from) : walkByOffset(api, list, from)
}

async function* walkByCursor(api: BackendApi, path: string, from: Position): AsyncGenerator<Page> {
  let position = from
  for (;;) {
    const { items } = await readBehind(api, path, position)
    const last = items.at(-1)
    if (last === undefined) return
    const createdAt = last['created_at']
    position = { after: last.id, ...(typeof createdAt === 'number' ? { createdAt } : {}) }
    yield { items, position, total: undefined }
    if (items.length < pageSize) return
  }
}

// Clerk does not say what it does behind a user who was deleted meanwhile: it may refuse, or find
// nothing. Then the walk goes on at the moment when they were created.
async function readBehind(api: BackendApi, path: string, { after, createdAt }: Position) {
  if (after === undefined || createdAt === undefined) {
    return readPage(api, path, { starting_after: after })
  }
  const readSince = () => readPage(api, path, { created_at_after: createdAt - 1 })
  try {
    const page = await readPage(api, path, { starting_after: after })
    if (page.items.length === pageSize) return page
    return (await api.get(`${path}/${after}`)) === undefined ? await readSince() : page
  } catch (error) {
    if (!(error instanceof ApiRefusedError)) throw error
    return readSince()
  }
}

// What is deleted shifts all behind it towards the start, so each page begins inside of the one
// before it. An id of that in the page proves that nothing between was passed over, by whatever
// the list is sorted; without one the walk goes back, at last to the start, which needs no proof.
async function* walkByOffset(api: BackendApi, path: string, from: Position): AsyncGenerator<Page> {
  let { offset = 0, trail = [] } = from
  let known = new Set<string>()
  for (;;) {
    const { items, total } = await readPage(api, path, { offset })
    const ids = new Set(items.map(({ id }) => id))
    if (offset > 0 && !trail.some((id) => ids.has(id))) {
      offset = Math.max(0, offset - pageSize)
      continue
    }
    offset = Math.max(0, offset + items.length - overlap)
    trail = [...ids].filter((_, index) => (items.length - 1 - index) % trailStep === 0)
    const unseen = items.filter(({ id }) => !known.has(id))
    if (unseen.length > 0) yield { items: unseen, position: { offset, trail }, total }
    if (items.length < pageSize) return
    known = ids
  }
}

async function readPage(api: BackendApi, path: string, params: Params) {
  const body = await api.get(path, { limit: pageSize, order_by: '+created_at', ...params })
  // Nothing at all where a list belongs: the instance has no such thing.
  if (body === undefined) throw new FeatureNotEnabledError(`Clerk has no ${path}`)
  const list = isClerkObject(body) ? body['data'] : body
  // Left out, an entry without an id would make a full page look like the last one.
  if (!Array.isArray(list) || !list.every(isEntry)) {
    throw new ApiRefusedError(200, `Clerk's answer to ${path} is no list of objects with ids`)
  }
  const total = isClerkObject(body) ? body['total_count'] : undefined
  return { items: list, total: typeof total === 'number' ? total : undefined }
}

function isEntry(value: unknown): value is Entry {
  return isClerkObject(value) && typeof value['id'] === 'string'
}
