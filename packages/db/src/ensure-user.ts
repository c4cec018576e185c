import { changeFromApi, isClerkObject, selectKept, userEntity } from '@clerk-sync/events'
import type { Kept, Upsert } from '@clerk-sync/events'
import { withTimeout } from '@clerk-sync/ops'
import { applyChanges } from './apply-changes.ts'
import type { Database } from './database.ts'
import type { DeletionPolicy } from './deletion-policy.ts'
import type { User } from './user.ts'

/** What is needed of the application's own Clerk client; `createClerkClient()` of @clerk/backend fits. */
export interface ClerkUsers {
  readonly users: {
    /** `raw` is Clerk's JSON as it came. */
    getUser(userId: string): Promise<{ readonly raw: unknown }>
  }
}

/** Clerk did not answer in time. */
export class ClerkTimeoutError extends Error {
  readonly code = 'ERR_CLERK_TIMEOUT'
  override readonly name = 'ClerkTimeoutError'
}

/** No row can be made of what Clerk answered. The message names fields, never values. */
export class UnreadableUserError extends Error {
  readonly code = 'ERR_UNREADABLE_USER'
  override readonly name = 'UnreadableUserError'

  constructor(problem: string) {
    super(`Clerk's user can't be read: ${problem}`)
  }
}

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
  if (found === undefined) return undefined
  const change = userChange(options.kept ?? keptByDefault, userId, found.raw)
  const rules = { deletionPolicy: options.deletionPolicy ?? 'erase', auditValues: false }
  const [result] = await applyChanges(db, [change], rules)
  if (result?.ok === false) throw result.error
  return living(await readUser(db, userId))
}

function living(known: User | 'deleted' | undefined): User | undefined {
  return known === 'deleted' ? undefined : known
}

// The client itself waits for minutes, and everybody who asks for this user waits with it.
async function askClerk(
  clerk: ClerkUsers,
  userId: string,
  timeoutMs: number,
): Promise<{ readonly raw: unknown } | undefined> {
  const late = new ClerkTimeoutError(`Clerk did not answer within ${timeoutMs} ms`)
  try {
    // A client that does not understand the answer may give anything.
    const found: unknown = await withTimeout(clerk.users.getUser(userId), timeoutMs, late)
    return { raw: isClerkObject(found) ? found['raw'] : undefined }
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

// Clerk's own 404 carries a code. Another one is a proxy's, or of a wrong URL, and says nothing about
// the user.
function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error && 'status' in error && error.status === 404)) return false
  const [first] = 'errors' in error && Array.isArray(error.errors) ? error.errors : []
  return isClerkObject(first) && typeof first['code'] === 'string' && first['code'] !== ''
}

function userChange(kept: Kept, userId: string, raw: unknown): Upsert {
  const entity = kept.entities.find(({ name }) => name === userEntity.name)
  if (!entity) throw new Error('there is no row to make sure of: users are not kept')
  if (!isClerkObject(raw)) throw new UnreadableUserError('it is no JSON object')
  if (raw['id'] !== userId) throw new UnreadableUserError('data.id is not the id asked for')
  const change = changeFromApi(entity, raw)
  if (change?.kind === 'upsert') return change
  const problem = change?.kind === 'unreadable' ? change.error.message : 'data.id is missing'
  throw new UnreadableUserError(problem.replace(`${userId}: `, ''))
}

/**
 * The row of a user; `deleted` where Clerk deleted them, whether or not a row has stayed; undefined
 * where nothing is known of that id.
 *
 * @throws {DatabaseUnavailableError} {DatabaseRefusedError}
 */
export async function readUser(db: Database, id: string): Promise<User | 'deleted' | undefined> {
  const [user] = await db.query<User>('SELECT * FROM clerk.users WHERE id = $1', id)
  if (user) return user.deleted_at === null ? user : 'deleted'
  const [tombstone] = await db.query(
    'SELECT FROM clerk.tombstones WHERE entity = $1 AND id = $2',
    userEntity.name,
    id,
  )
  return tombstone ? 'deleted' : undefined
}
