import { entities } from '@clerk-sync/events'
import type { Change, ClerkObject, Entity, EntityApi } from '@clerk-sync/events'
import { countIn, isAboutOnePath, walkEverywhere } from '@clerk-sync/events/backend-api'
import type { BackendApi, Page, Position } from '@clerk-sync/events/backend-api'

// A user who is created after the last page was read is counted already.
const looks = 3
// Only to compare with what the list gives: nobody waits long for it.
const countBudgetMs = 10_000

/** A page of an entity's list, without the entries that can't be entities of this kind. */
export interface EntityPage extends Page {
  /** One for each entry that was left out. */
  readonly problems: readonly string[]
}

export interface Start {
  readonly position: Position
  /** How many entries were read before that position. */
  readonly seen: number
}

/**
 * Reads one of Clerk's lists page by page, and the next page while this one is worked on. `total` is
 * how many entries there are, where Clerk says so. The last page has a `shortage` where Clerk counts
 * more than it listed.
 *
 * @throws what the API throws.
 */
export async function* readPages(
  api: BackendApi,
  { name, api: entityApi }: Pick<Entity, 'name'> & { readonly api: EntityApi },
  start: Start = { position: {}, seen: 0 },
): AsyncGenerator<EntityPage> {
  const { count, list } = entityApi
  const counted = await readCount(api, count)
  let { position, seen } = start
  let last = new Set<string>()
  for (let look = 1; ; look += 1) {
    for await (const page of readAhead(walkEverywhere(api, { ...entityApi, counted }, position))) {
      const items = page.items.filter(({ id }) => !last.has(String(id)))
      last = new Set(page.items.map(({ id }) => String(id)))
      position = page.position
      seen += items.length + page.unreadable
      const { own, problems } = separate(name, list, { items, unreadable: page.unreadable })
      yield { ...page, items: own, problems, total: page.total ?? counted }
    }
    // A count that could not be read is not waited for again.
    const now = counted === undefined ? undefined : await readCount(api, count)
    if (now === undefined || seen >= now) return
    if (look < looks) continue
    const shortage = `Clerk counts ${now} in ${list}, but its list has ${seen}`
    yield {
      items: [],
      position,
      total: now,
      unreadable: 0,
      readAt: Date.now(),
      problems: [],
      shortage,
    }
    return
  }
}

const kinds = new Set(entities.map((entity) => entity.name))

function separate(
  name: string,
  list: string,
  { items, unreadable }: { items: readonly ClerkObject[]; unreadable: number },
): { own: ClerkObject[]; problems: string[] } {
  // What calls itself otherwise, or nothing, may be right: examples of Clerk's own do.
  const isForeign = ({ object }: ClerkObject) => object !== name && kinds.has(String(object))
  const problems = [
    ...Array.from({ length: unreadable }, () => `an entry of ${list} has no id`),
    ...items
      .filter(isForeign)
      .map(({ id, object }) => `${String(id)}: it is in ${list}, but is a ${String(object)}`),
  ]
  return { own: items.filter((item) => !isForeign(item)), problems }
}

async function readCount(api: BackendApi, path: string | undefined): Promise<number | undefined> {
  if (path === undefined) return undefined
  try {
    return countIn(await api.get(path, {}, { budgetMs: countBudgetMs }))
  } catch (error) {
    if (isAboutOnePath(error)) return undefined
    throw error
  }
}

async function* readAhead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = source.next()
  for (;;) {
    const result = await next
    if (result.done) return
    next = source.next()
    // Where it failed, it is awaited next, unless nobody asks any more.
    next.catch(() => undefined)
    yield result.value
  }
}

/** Calls back for each object of which some fields can't be read. */
export function reportUnreadable(
  changes: readonly Change[],
  onUnreadable: ((entity: Entity, fields: readonly string[]) => void) | undefined,
): void {
  for (const change of changes) {
    if (change.kind === 'upsert' && change.unreadable.length > 0) {
      onUnreadable?.(change.entity, change.unreadable)
    }
  }
}
