export { createDatabase, DatabaseUrlError } from './database.ts'
export type { DatabaseOptions } from './database.ts'
export {
  ClerkTimeoutError,
  DatabaseRefusedError,
  DatabaseUnavailableError,
  ensureUser,
  UnreadableUserError,
  waitForUser,
} from '@clerk-sync/db'
export type {
  ClerkUsers,
  Database,
  DeletionPolicy,
  EnsureUserOptions,
  JsonObject,
  JsonValue,
  User,
  WaitForUserOptions,
} from '@clerk-sync/db'
export { parseEntities, parseFields, selectKept } from '@clerk-sync/events'
export type { Kept } from '@clerk-sync/events'
