import { isClerkObject } from '../entities/column.ts'
import type { ClerkObject } from '../entities/entity.ts'
import type { BackendApi, Params } from './backend-api.ts'
import { ApiRefusedError, UnreadableAnswerError } from './errors.ts'

/** Clerk's largest. */
export const pageSize = 500

type Entry = ClerkObject & { readonly id: string }

/** One answer of a list. */
export interface ListPage {
  readonly items: readonly Entry[]
  /** How many entries it has, the unreadable ones included. */
  readonly length: number
  /** The places of entries that are no objects with an id. */
  readonly unreadable: readonly number[]
  /** How many there are in all, where the list says so. */
  readonly total: number | undefined
  /** When it was asked for, in milliseconds: what happened before is in it. */
  readonly readAt: number
}

/**
 * Reads one page of a list, sorted by the time of creation.
 *
 * @throws {UnreadableAnswerError} where the answer is no list, and what `api.get` throws.
 */
export async function readList(api: BackendApi, path: string, params: Params): Promise<ListPage> {
  const readAt = Date.now()
  const body = await api.get(path, { limit: pageSize, order_by: '+created_at', ...params })
  if (body === undefined) {
    throw new ApiRefusedError(404, `Clerk has no ${path} (404): is CLERK_API_URL right?`)
  }
  const list = isClerkObject(body) ? body['data'] : body
  if (!Array.isArray(list)) {
    throw new UnreadableAnswerError(`Clerk's answer to ${path} is no list`)
  }
  const unreadable = [...list.keys()].filter((place) => !isEntry(list[place]))
  const { length } = list
  return { items: list.filter(isEntry), length, unreadable, total: countIn(body), readAt }
}

/** The `total_count` of an answer; undefined for what is no count. */
export function countIn(answer: unknown): number | undefined {
  const count = isClerkObject(answer) ? answer['total_count'] : undefined
  return typeof count === 'number' && Number.isInteger(count) && count >= 0 ? count : undefined
}

function isEntry(value: unknown): value is Entry {
  return isClerkObject(value) && typeof value['id'] === 'string' && value['id'] !== ''
}
