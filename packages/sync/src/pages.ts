import { ApiRefusedError, walk } from '@clerk-sync/events/backend-api'
import type { BackendApi, Page, Position } from '@clerk-sync/events/backend-api'

/**
 * Walks through one of Clerk's lists, reading the next page while this one is worked on, and says
 * how many users there are, which their list does not.
 */
export async function* readPages(
  api: BackendApi,
  list: string,
  from: Position = {},
): AsyncGenerator<Page> {
  const counted = list === '/users' ? await countUsers(api) : undefined
  for await (const page of readAhead(walk(api, list, from))) {
    yield { ...page, total: page.total ?? counted }
  }
}

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
