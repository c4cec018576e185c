import { changeFromApi, isClerkObject } from '@clerk-sync/events'
import { countIn, UnreadableAnswerError } from '@clerk-sync/events/backend-api'
import type { BackendApi, Params } from '@clerk-sync/events/backend-api'
import type { ClerkObject, Entity } from '@clerk-sync/events'

// Clerk's largest page; its usual one has ten entries.
const pageSize = 500

/** A row by its columns: its id, and those of its owners. */
export interface RowIds {
  readonly [column: string]: unknown
  readonly id: string
}

/**
 * Reads each of these ids from Clerk again: the object, or null where Clerk has none. An id that
 * can't be asked for is absent.
 *
 * @throws {UnreadableAnswerError} and what the API throws.
 */
export async function readOnes(
  api: BackendApi,
  entity: Entity,
  rows: readonly RowIds[],
): Promise<Map<string, ClerkObject | null>> {
  const { list = '', byIds } = entity.api ?? {}
  if (!byIds) return readEach(api, entity, rows)
  const found = await readTogether(api, { list, ...byIds }, rows)
  return found ?? readEach(api, entity, rows)
}

/** Undefined where the API gives others than it was asked for: it does not know the parameter. */
async function readTogether(
  api: BackendApi,
  { list, parameter, max }: { list: string; parameter: string; max: number },
  rows: readonly RowIds[],
): Promise<Map<string, ClerkObject | null> | undefined> {
  const found = new Map<string, ClerkObject | null>()
  for (let start = 0; start < rows.length; start += max) {
    let ids = rows.slice(start, start + max).map(({ id }) => id)
    while (ids.length > 0) {
      const items = listIn(await api.get(list, { limit: max, [parameter]: ids }), list)
      if (items.some(({ id }) => !ids.includes(String(id)))) return undefined
      for (const item of items) found.set(String(item['id']), item)
      const missing = ids.filter((id) => !found.has(id))
      // It may give less at once than it was asked for: only an empty list proves that there are none.
      if (items.length === 0) for (const id of missing) found.set(id, null)
      ids = items.length === 0 ? [] : missing
    }
  }
  return found
}

async function readEach(
  api: BackendApi,
  entity: Entity,
  rows: readonly RowIds[],
): Promise<Map<string, ClerkObject | null>> {
  const found = new Map<string, ClerkObject | null>()
  for (const row of rows) {
    const path = pathOf(entity, row)
    if (path === undefined) continue
    const [pathname = '', query] = path.split('?')
    const item =
      query === undefined
        ? await readOne(api, pathname, row.id)
        : await findInList(api, pathname, {
            params: Object.fromEntries(new URLSearchParams(query)),
            id: row.id,
          })
    if (item !== undefined) found.set(row.id, item)
  }
  return found
}

async function readOne(api: BackendApi, path: string, id: string): Promise<ClerkObject | null> {
  const answer = await api.get(path)
  if (answer === undefined) return null
  // Anything else than the object must not pass for none.
  if (isClerkObject(answer) && answer['id'] === id) return answer
  throw new UnreadableAnswerError(`Clerk's answer to ${path} is not what was asked for`)
}

/** Undefined where it is not in the list, but the list has more than one page: it may have moved. */
async function findInList(
  api: BackendApi,
  path: string,
  { params, id }: { params: Params; id: string },
): Promise<ClerkObject | null | undefined> {
  const seen = new Set<unknown>()
  for (let pages = 0; ; pages += 1) {
    const answer = await api.get(path, { ...params, limit: pageSize, offset: seen.size })
    if (answer === undefined) return null
    const items = listIn(answer, path)
    const item = items.find((one) => one['id'] === id)
    if (item) return item
    const before = seen.size
    for (const one of items) seen.add(one['id'])
    if (seen.size > before) continue
    return pages > 1 || (countIn(answer) ?? 0) > seen.size ? undefined : null
  }
}

// The template's names are columns. A row without one of them can't be asked for.
function pathOf(entity: Entity, row: RowIds): string | undefined {
  let isComplete = true
  const path = entity.api?.one.replaceAll(/\{(\w+)\}/g, (_, column: string) => {
    const value = row[column]
    if (typeof value !== 'string' || value === '') isComplete = false
    return encodeURIComponent(String(value))
  })
  return isComplete ? path : undefined
}

// Anything else than a list must not pass for an empty one, nor an entry that can't be read for none.
function listIn(answer: unknown, path: string): ClerkObject[] {
  const list = isClerkObject(answer) ? answer['data'] : answer
  const isList = (value: unknown): value is ClerkObject[] =>
    Array.isArray(value) &&
    value.every((one) => isClerkObject(one) && typeof one['id'] === 'string')
  if (isList(list)) return list
  throw new UnreadableAnswerError(`Clerk's answer to ${path} is no list of objects with ids`)
}

/** The columns by which Clerk can be asked for what it has listed. */
export function rowOf(entity: Entity, item: ClerkObject): RowIds {
  const change = changeFromApi(entity, item)
  const row = change?.kind === 'upsert' ? change.value.row : {}
  return { ...row, id: String(item['id']) }
}
