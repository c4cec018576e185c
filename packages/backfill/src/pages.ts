import { ApiRefusedError, walk } from '@clerk-sync/backend-api'
import type { BackendApi, Page, Position } from '@clerk-sync/backend-api'
import type { ClerkObject } from '@clerk-sync/entities'

/**
 * Walks through one of Clerk's lists, reading the next page while this one is worked on. What pages
 * have in common is yielded once, unless it changed in between.
 */
export async function* readPages(
  api: BackendApi,
  list: string,
  from: Position = {},
): AsyncGenerator<Page> {
  const counted = list === '/users' ? await countUsers(api) : undefined
  let before = new Map<unknown, unknown>()
  for await (const page of readAhead(walk(api, list, from))) {
    const versions = new Map(page.items.map((item) => [item['id'], item['updated_at']]))
    const items = page.items.filter((item) => isNew(before, item))
    before = versions
    yield { ...page, items, total: page.total ?? counted }
  }
}

const isNew = (before: ReadonlyMap<unknown, unknown>, { id, updated_at }: ClerkObject) =>
  !before.has(id) || before.get(id) !== updated_at

// Only for people to see how far it is.
async function countUsers(api: BackendApi): Promise<number | undefined> {
  try {
    const answer = (await api.get('/users/count')) as { total_count?: unknown } | undefined
    return typeof answer?.total_count === 'number' ? answer.total_count : undefined
  } catch (error) {
    if (error instanceof ApiRefusedError) return undefined
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
