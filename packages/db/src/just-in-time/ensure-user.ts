import { selectKept } from '@clerk-sync/events'
import type { Kept } from '@clerk-sync/events'
import { applyChanges } from '../apply-changes.ts'
import type { Database } from '../database.ts'
import type { DeletionPolicy } from '../deletion-policy.ts'
import type { User } from '../generated/client.ts'
import { askClerk } from './ask-clerk.ts'
import type { ClerkUsers } from './ask-clerk.ts'
import { readUser } from './read-user.ts'
import { userChange } from './user-change.ts'

export interface EnsureUserOptions {
  /** What SYNC_ENTITIES and SYNC_FIELDS keep; what is kept by default where absent. */
  readonly kept?: Kept
  /** DELETION_POLICY, `erase` where absent. */
  readonly deletionPolicy?: DeletionPolicy
  /** How long Clerk may take, 5,000 ms where absent. */
  readonly timeoutMs?: number
}

const keptByDefault = selectKept()
// Clerk answers in tenths of a second; somebody waits for a page.
const clerkTimeoutMs = 5_000

const underWay = new WeakMap<Database, Map<string, Promise<User | undefined>>>()

/**
 * The row of a user who may have signed in before the webhook came: read where it is there, else
 * fetched from Clerk and written as an event would be, but for the ledger. Callers that ask for one
 * user at once share one request, with the options of the first. Undefined for a user whom Clerk
 * does not know, and for a deleted one, without asking Clerk: nothing brings them back.
 *
 * `userId` goes into the request's path: take it from a verified session only.
 *
 * @throws {ClerkTimeoutError} {UnreadableUserError} {DatabaseUnavailableError}
 * {DatabaseRefusedError} and what the client throws; the next call tries again.
 */
export async function ensureUser(
  db: Database,
  clerk: ClerkUsers,
  userId: string,
  options: EnsureUserOptions = {},
): Promise<User | undefined> {
  const known = await readUser(db, userId)
  if (known) return living(known)

  const fetches = underWay.get(db) ?? new Map<string, Promise<User | undefined>>()
  underWay.set(db, fetches)
  let fetched = fetches.get(userId)
  if (!fetched) {
    fetched = fetchUser(db, clerk, userId, options).finally(() => fetches.delete(userId))
    fetches.set(userId, fetched)
  }
  return fetched
}

async function fetchUser(
  db: Database,
  clerk: ClerkUsers,
  userId: string,
  options: EnsureUserOptions,
): Promise<User | undefined> {
  // Another caller's request may have ended since this caller looked.
  const known = await readUser(db, userId)
  if (known) return living(known)

  const found = await askClerk(clerk, userId, options.timeoutMs ?? clerkTimeoutMs)
  if (!found) return undefined
  const change = userChange(options.kept ?? keptByDefault, userId, found.raw)
  const rules = { deletionPolicy: options.deletionPolicy ?? 'erase', auditValues: false }
  const [result] = await applyChanges(db, [change], rules)
  if (result?.ok === false) throw result.error
  return living(await readUser(db, userId))
}

function living(known: User | 'deleted' | undefined): User | undefined {
  return known === 'deleted' ? undefined : known
}
