import { isClerkObject } from '@clerk-sync/events'
import type { Kept } from '@clerk-sync/events'
import type { Change } from '../change.ts'
import { toReadChange } from '../read-change.ts'

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
  const change = toReadChange(entity, raw)
  if (change?.kind === 'upsert') return change
  const problem = change?.kind === 'unreadable' ? change.error.message : 'data.id is missing'
  throw new UnreadableUserError(problem.replace(`${userId}: `, ''))
}
