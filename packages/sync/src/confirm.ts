import { changeFromApi, isClerkObject } from '@clerk-sync/events'
import type { BackendApi } from '@clerk-sync/events/backend-api'
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
 * can\'t be asked for is absent.
 */
export async function readOnes(
  api: BackendApi,
  entity: Entity,
  rows: readonly RowIds[],
): Promise<Map<string, ClerkObject | null>> {
  const { list = '', byIds } = entity.api ?? {}
  return byIds ? readTogether(api, { list, ...byIds }, rows) : readEach(api, entity, rows)
}

async function readTogether(
  api: BackendApi,
  { list, parameter, max }: { list: string; parameter: string; max: number },
  rows: readonly RowIds[],
): Promise<Map<string, ClerkObject | null>> {
  const found = new Map<string, ClerkObject | null>()
  for (let start = 0; start < rows.length; start += max) {
    const ids = rows.slice(start, start + max).map(({ id }) => id)
    const answer = await api.get(list, { limit: max, [parameter]: ids })
    // Anything else than a list must not pass for an empty one.
    if (!Array.isArray(answer)) throw new Error(`Clerk's answer to ${list} is no list`)
    const items = itemsIn(answer)
    for (const id of ids) found.set(id, items.find((item) => item['id'] === id) ?? null)
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
    const params = { ...Object.fromEntries(new URLSearchParams(query)), limit: pageSize }
    const answer = await api.get(pathname, query === undefined ? {} : params)
    const items = itemsIn(answer)
    const item = items.find(({ id }) => id === row.id)
    // Only a 404 or a list without it proves that Clerk has none: any other answer is not Clerk\'s own.
    if (!item && answer !== undefined && !isList(answer)) {
      throw new Error(`Clerk's answer to ${pathname} is neither the object nor a list`)
    }
    // In a full page that lacks it, it may be on the next.
    if (item || items.length < pageSize) found.set(row.id, item ?? null)
  }
  return found
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

const isList = (answer: unknown) =>
  Array.isArray(answer) || (isClerkObject(answer) && Array.isArray(answer['data']))

function itemsIn(answer: unknown): ClerkObject[] {
  if (Array.isArray(answer)) return answer.filter(isClerkObject)
  if (!isClerkObject(answer)) return []
  return Array.isArray(answer['data']) ? answer['data'].filter(isClerkObject) : [answer]
}

/** The columns by which Clerk can be asked for what it has listed. */
export function rowOf(entity: Entity, item: ClerkObject): RowIds {
  const change = changeFromApi(entity, item)
  const row = change?.kind === 'upsert' ? change.value.row : {}
  return { ...row, id: String(item['id']) }
}
