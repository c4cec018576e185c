import type { Change, Entity, EntityApi } from '@clerk-sync/events'
import { ApiRefusedError, walk } from '@clerk-sync/events/backend-api'
import type { BackendApi, Page, Position } from '@clerk-sync/events/backend-api'

/**
 * Reads one of Clerk's lists page by page, and the next page while this one is worked on. `total` is
 * how many entries there are, where Clerk says so.
 */
export async function* readPages(
  api: BackendApi,
  entityApi: EntityApi,
  from: Position = {},
): AsyncGenerator<Page> {
  const counted = entityApi.count === undefined ? undefined : await readCount(api, entityApi.count)
  for await (const page of readAhead(walk(api, entityApi, from))) {
    yield { ...page, total: page.total ?? counted }
  }
}

// Only for people to see how far it is.
async function readCount(api: BackendApi, path: string): Promise<number | undefined> {
  try {
    const answer = (await api.get(path)) as { total_count?: unknown } | undefined
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
