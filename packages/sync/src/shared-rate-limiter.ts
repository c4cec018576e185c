import { setTimeout as sleep } from 'node:timers/promises'
import type { RateLimiter, Rate } from '@clerk-sync/events/backend-api'
import type { Database } from '@clerk-sync/db'
import { retryWhileUnavailable } from './retry-while-unavailable.ts'

const never = new AbortController().signal

/** A rate limit that all processes of the deployment keep together, in their database. */
export function createSharedRateLimiter(db: Database, { requests, perMs }: Rate): RateLimiter {
  const timing = { intervalMs: perMs / requests, burstMs: perMs / 10 }
  return {
    async take(signal = never) {
      for (;;) {
        signal.throwIfAborted()
        const waitMs = await retryWhileUnavailable({ signal }, () => takeRequest(db, timing))
        if (waitMs <= 0) return
        await sleep(waitMs, undefined, { signal })
      }
    },
    pause: (ms) => retryWhileUnavailable({ signal: never }, () => holdRequests(db, ms)),
  }
}

// One row says when the next request may go out; unused time of the last burst may be used up. A
// place is taken only when it is due, never ahead: so a pause holds those who wait already, too.
const take = `
  WITH taken AS (
    INSERT INTO clerk.api_pace AS known (id, next_at)
    VALUES (1, clock_timestamp() + $1::float8 * interval '1 millisecond')
    ON CONFLICT (id) DO UPDATE SET next_at =
      greatest(known.next_at, clock_timestamp() - $2::float8 * interval '1 millisecond')
      + $1::float8 * interval '1 millisecond'
    WHERE known.next_at <= clock_timestamp()
    RETURNING id
  )
  SELECT CASE WHEN EXISTS (SELECT FROM taken) THEN 0 ELSE greatest(1, (
    SELECT extract(epoch FROM next_at - clock_timestamp()) * 1000 FROM clerk.api_pace WHERE id = 1
  )) END::float8 AS wait_ms`

const hold = `
  INSERT INTO clerk.api_pace AS known (id, next_at)
  VALUES (1, clock_timestamp() + $1::float8 * interval '1 millisecond')
  ON CONFLICT (id) DO UPDATE SET next_at = greatest(known.next_at, EXCLUDED.next_at)`

/**
 * Takes leave for one request to Clerk's API, out of what all processes of the deployment share.
 * Returns 0 when it was given, else after how many milliseconds to ask again.
 */
export async function takeRequest(
  db: Database,
  { intervalMs, burstMs }: { intervalMs: number; burstMs: number },
): Promise<number> {
  return db.transaction(async (tx) => {
    const [row] = await tx.query<{ wait_ms: number }>(take, intervalMs, burstMs)
    return row?.wait_ms ?? 0
  })
}

/** No process sends a request for so many milliseconds. */
export async function holdRequests(db: Database, ms: number): Promise<void> {
  await db.transaction((tx) => tx.execute(hold, ms))
}
