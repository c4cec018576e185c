import { changeFromApi, isClerkObject, userEntity } from '@clerk-sync/events'
import type { Kept, Upsert } from '@clerk-sync/events'

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
export function userChange(kept: Kept, userId: string, raw: unknown): Upsert {
  const entity = kept.entities.find(({ name }) => name === userEntity.name)
  if (!entity) throw new Error('there is no row to make sure of: users are not kept')
  if (!isClerkObject(raw)) throw new UnreadableUserError('it is no JSON object')
  if (raw['id'] !== userId) throw new UnreadableUserError('data.id is not the id asked for')
  const change = changeFromApi(entity, raw)
  if (change?.kind === 'upsert') return change
  const problem = change?.kind === 'unreadable' ? change.error.message : 'data.id is missing'
  throw new UnreadableUserError(problem.replace(`${userId}: `, ''))
}
