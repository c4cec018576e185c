import type { ClerkObject, EntityApi } from '../entities/entity.ts'
import type { BackendApi } from './backend-api.ts'
import { ApiRefusedError, UnreadableAnswerError } from './errors.ts'
import { pageSize, readList } from './read-list.ts'
import type { ListPage } from './read-list.ts'

// So many may be deleted between two pages before the walk has to go back.
const overlap = 50
const trailStep = 10
// A list and its count are not always of the same moment.
const looksAtShortage = 3

/** Where a walk stands; a walk that was given it goes on behind that page. */
export interface Position {
  /** The last user, for the list that has a cursor. */
  readonly after?: string
  readonly createdAt?: number
  /** Where the next page begins, for the lists that have none. */
  readonly offset?: number
  /** Every tenth id of the page before it, the last one included. */
  readonly trail?: readonly string[]
  /** Where the walk through the organizations stands, for a list that is read organization by organization. */
  readonly organizations?: Position
}

/** A list, and what it can do. */
export interface List extends Pick<EntityApi, 'list' | 'hasCursor'> {
  /** How many entries there are, for a list that does not say it itself. */
  readonly counted?: number | undefined
}

export interface Page {
  readonly items: readonly ClerkObject[]
  readonly position: Position
  /** How many there are in all, where the list says so. */
  readonly total: number | undefined
  /** Entries that are no objects with an id. */
  readonly unreadable: number
  /** When it was asked for, in milliseconds: what happened before is in it. */
  readonly readAt: number
  /** On the last page: how it is known that the list did not give all that there is. */
  readonly shortage?: string
}

/**
 * Walks through a list from its oldest entry to its newest, a page at a time, until a page brings
 * nothing new: an API may give less at once than it was asked for. What is there from the start to
 * the end of the walk comes at least once, whatever is created or deleted meanwhile.
 *
 * @throws {UnreadableAnswerError} when a page repeats, and what `api.get` throws.
 */
export function walk(api: BackendApi, list: List, from: Position = {}): AsyncGenerator<Page> {
  return list.hasCursor && from.offset === undefined
    ? walkByCursor(api, list, from)
    : walkByOffset(api, list, from, new Set())
}

async function* walkByCursor(api: BackendApi, list: List, from: Position): AsyncGenerator<Page> {
  const path = list.list
  let position = from
  let known: ReadonlySet<string> = new Set()
  const cursors = new Set<string>()
  let trailing = 0
  for (;;) {
    const { items, length, unreadable, total, readAt, isSince } = await readBehind(
      api,
      path,
      position,
    )
    const { after } = position
    const unseen = items.filter(({ id }) => !known.has(id) && id !== after)
    const last = unseen.at(-1)
    // Those at the end of the page before may stand behind its last id once more.
    const fresh = unreadable.length - Math.min(trailing, leadingIn(unreadable))
    if (unseen.length < items.length && !isSince) {
      if (cursors.size > 1) throw repeated(path)
      // An API without cursors may have offsets.
      yield* walkByOffset(api, list, behind(0, [...known]), known)
      return
    }
    if (last === undefined) {
      if (length >= pageSize) throw repeated(path)
      if (fresh > 0) yield { items: [], position, total, unreadable: fresh, readAt }
      return
    }
    if (isSince) cursors.clear()
    else if (cursors.has(last.id)) throw repeated(path)
    cursors.add(last.id)
    const createdAt = last['created_at']
    position = { after: last.id, ...(typeof createdAt === 'number' ? { createdAt } : {}) }
    yield { items: unseen, position, total, unreadable: fresh, readAt }
    known = new Set(items.map(({ id }) => id))
    trailing = leadingIn(unreadable.map((place) => length - 1 - place).toReversed())
  }
}

/** How many places are taken from 0 on. */
const leadingIn = (places: readonly number[]) =>
  places.filter((place, index) => place === index).length

// Clerk does not say what it does behind a user who was deleted meanwhile: it may refuse, or find
// nothing. Then the walk goes on at the moment when they were created.
async function readBehind(
  api: BackendApi,
  path: string,
  { after, createdAt }: Position,
): Promise<ListPage & { isSince: boolean }> {
  if (after === undefined || createdAt === undefined) {
    return { ...(await readList(api, path, { starting_after: after })), isSince: false }
  }
  async function readSince(since: number) {
    const page = await readList(api, path, { created_at_after: since - 1 })
    if (page.items.some((item) => Number(item['created_at']) < since)) throw repeated(path)
    return { ...page, isSince: true }
  }
  try {
    const page = await readList(api, path, { starting_after: after })
    const isEnd = page.length > 0 || (await api.get(`${path}/${after}`)) !== undefined
    return isEnd ? { ...page, isSince: false } : await readSince(createdAt)
  } catch (error) {
    if (!(error instanceof ApiRefusedError)) throw error
    return readSince(createdAt)
  }
}

// What is deleted shifts all behind it towards the start, so each page begins inside of the one
// before it. An id of that in the page proves that nothing between was passed over, by whatever
// the list is sorted; without one the walk goes back, at last to the start, which needs no proof.
async function* walkByOffset(
  api: BackendApi,
  { list: path, counted }: List,
  from: Position,
  before: ReadonlySet<string>,
): AsyncGenerator<Page> {
  let { offset = 0, trail = [] } = from
  let known = before
  let knownAt = -1
  let readTo = offset
  let largest = 0
  let furthest = 0
  let stepsBack = 0
  let shortages = 0
  for (;;) {
    const page = await readList(api, path, { offset })
    const { items, length, total, readAt } = page
    const ids = new Set(items.map(({ id }) => id))
    largest = Math.max(largest, length)
    if (offset > 0 && !trail.some((id) => ids.has(id))) {
      stepsBack += 1
      const step = largest || pageSize
      // Deletions of a whole list take so many steps; who takes more sorts at random.
      if (stepsBack > 20 + (3 * furthest) / step) throw repeated(path)
      offset = Math.max(0, offset - step)
      continue
    }
    if (offset > furthest) {
      furthest = offset
      stepsBack = 0
    }
    const at = offset
    const unseen = items.filter(({ id }) => !known.has(id))
    const unreadable = page.unreadable.filter((place) => at + place >= readTo).length
    const position = behind(offset, [...ids], length)
    const isWholePage = ids.size >= known.size && length > overlapOf(length)
    if (unseen.length > 0 || unreadable > 0) {
      yield { items: unseen, position, total, unreadable, readAt }
    }
    readTo = Math.max(readTo, offset + length)
    if (unseen.length === 0 && !(isWholePage && offset <= knownAt)) {
      // The same page at another offset: the API knows no offsets.
      const isRepeated = isWholePage && known.size > 0
      const count = total ?? (isRepeated ? counted : undefined)
      if (isRepeated && (count === undefined || length >= pageSize)) throw repeated(path)
      const end = isRepeated ? length : offset + length
      if (count === undefined || count <= end) return
      shortages += 1
      if (shortages < looksAtShortage) continue
      const shortage = `Clerk counts ${count} in ${path}, but its list ended after ${end}`
      yield { items: [], position, total, unreadable: 0, readAt, shortage }
      return
    }
    known = ids
    knownAt = offset
    offset = position.offset
    trail = position.trail
  }
}

// At most half of a page, so that pages of any size go forward.
const overlapOf = (length: number) => Math.max(1, Math.min(overlap, Math.floor(length / 2)))

/** The position behind a page that begins at an offset. */
function behind(offset: number, ids: readonly string[], length = ids.length) {
  const isInTrail = (_: string, place: number) => (ids.length - 1 - place) % trailStep === 0
  return {
    offset: Math.max(0, offset + length - overlapOf(length)),
    trail: ids.filter(isInTrail),
  }
}

const repeated = (path: string) =>
  new UnreadableAnswerError(
    `Clerk's list ${path} repeats its entries instead of going on: what is behind them can't be read`,
  )
