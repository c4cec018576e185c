import type { Database } from '../database.ts'

// One row says when the next request may go out; unused time of the last burst may be used up.
const take = `
  INSERT INTO clerk.api_pace AS pace (id, next_at)
  VALUES (1, clock_timestamp() + $1 * interval '1 millisecond')
  ON CONFLICT (id) DO UPDATE SET next_at =
    greatest(pace.next_at, clock_timestamp() - $2 * interval '1 millisecond')
    + $1 * interval '1 millisecond'
  RETURNING (extract(epoch FROM next_at - clock_timestamp()) * 1000)::float8 AS wait_ms`

const hold = `
  INSERT INTO clerk.api_pace AS pace (id, next_at)
  VALUES (1, clock_timestamp() + $1 * interval '1 millisecond')
  ON CONFLICT (id) DO UPDATE SET next_at =
    greatest(pace.next_at, clock_timestamp() + $1 * interval '1 millisecond')`

/**
 * Takes leave for one request to Clerk's API, out of what all processes of the deployment share.
 * Returns how many milliseconds to wait before it goes out; not more than 0: at once.
 */
export async function takeRequest(
  db: Database,
  { intervalMs, burstMs }: { intervalMs: number; burstMs: number },
): Promise<number> {
  return db.transaction(async (tx) => {
    const [row] = await tx.$queryRawUnsafe<[{ wait_ms: number }]>(take, intervalMs, burstMs)
    return row.wait_ms
  })
}

/** No process sends a request for so many milliseconds. */
export async function holdRequests(db: Database, ms: number): Promise<void> {
  await db.transaction((tx) => tx.$executeRawUnsafe(hold, ms))
}
