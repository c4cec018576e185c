import { isClerkObject, latestTime, minimise, readRow } from '@clerk-sync/entities'
import type { ClerkObject, Kept } from '@clerk-sync/entities'
import type { Change, LedgerEvent } from '../change.ts'

/** No row can be made of what Clerk answered. The message names fields, never values. */
export class UnreadableUserError extends Error {
  readonly code = 'ERR_UNREADABLE_USER'
  override readonly name = 'UnreadableUserError'

  constructor(problem: string) {
    super(`Clerk's user can't be read: ${problem}`)
  }
}

/**
 * The change that writes a user as Clerk's API has it, with what is kept of users.
 *
 * @throws {UnreadableUserError} or an Error when users are not kept.
 */
export function userChange(kept: Kept, userId: string, raw: unknown): Change {
  const entity = kept.entities.find(({ name }) => name === 'user')
  if (!entity) throw new Error('there is no row to make sure of: users are not kept')
  if (!isClerkObject(raw)) throw new UnreadableUserError('it is no JSON object')
  if (raw['id'] !== userId) throw new UnreadableUserError('data.id is not the id asked for')

  const updatedAt = raw['updated_at']
  if (!isTime(updatedAt)) {
    throw new UnreadableUserError('data.updated_at is not a time in milliseconds')
  }
  const row = readRow(entity, storable(minimise(entity, raw)))
  if (!row.ok) throw new UnreadableUserError(row.problem)
  return {
    kind: 'upsert',
    event: noEvent(userId),
    entity,
    id: userId,
    updatedAt: Math.trunc(updatedAt),
    value: row.value,
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= latestTime
}

// The version (updated_at, 0, ''): every event of the same updated_at is newer.
function noEvent(userId: string): LedgerEvent {
  return {
    id: '',
    type: 'user.updated',
    entityId: userId,
    userId,
    organizationId: undefined,
    clientIp: undefined,
    userAgent: undefined,
    occurredAt: 0,
    receivedAt: 0,
    isRecorded: false,
  }
}

// PostgreSQL stores neither NUL nor lone surrogates, which JSON writes as escapes. An escaped
// backslash is matched as well: what follows it is text.
const unstorable = /\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g

function storable(data: ClerkObject): ClerkObject {
  const json = JSON.stringify(data)
  return JSON.parse(json.replace(unstorable, (found) => (found === '\\\\' ? found : '\uFFFD')))
}
