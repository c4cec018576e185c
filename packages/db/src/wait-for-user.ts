import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from './database.ts'
import type { User } from './user.ts'
import { readUser } from './ensure-user.ts'

export interface WaitForUserOptions {
  /** Clerk's time of the change that is waited for, in milliseconds where a number. */
  readonly updatedAt?: Date | number
  /** 5,000 where absent; 0 looks once. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

const defaultTimeoutMs = 5_000
// An event takes some tens of milliseconds from Clerk to its row. Later looks cost the database less
// than a person notices.
const firstPauseMs = 25
const longestPauseMs = 250

/**
 * The row of a user once it is there, and as new as `updatedAt` where that is given; undefined when
 * it is not by then, and at once for a deleted user. A look that is under way ends first, so a
 * database that does not answer takes longer than `timeoutMs`.
 *
 * @throws {DatabaseUnavailableError} {DatabaseRefusedError} and the signal's reason.
 */
export async function waitForUser(
  db: Database,
  userId: string,
  options: WaitForUserOptions = {},
): Promise<User | undefined> {
  const { updatedAt = 0, timeoutMs = defaultTimeoutMs, signal } = options
  const deadline = performance.now() + timeoutMs
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    signal?.throwIfAborted()
    const known = await readUser(db, userId)
    if (known === 'deleted') return undefined
    if (known && known.updated_at.getTime() >= Number(updatedAt)) return known

    const leftMs = deadline - performance.now()
    if (leftMs <= 0) return undefined
    await pause(Math.min(pauseMs, leftMs), signal)
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {})
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
