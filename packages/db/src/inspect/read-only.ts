import type { Database, Transaction } from '../database.ts'
import { DatabaseRefusedError } from '../database-error.ts'

// Somebody waits for a page, and a long snapshot keeps PostgreSQL from tidying up.
const statementTimeoutMs = 5_000
const queryCanceled = '57014'

/**
 * Reads in one snapshot, and writes nothing. Each statement has so many milliseconds; 5 s where not
 * given.
 *
 * @throws {DatabaseUnavailableError} {DatabaseRefusedError} `isTooSlow` knows a statement that was
 * given up.
 */
export async function readOnly<T>(
  db: Database,
  run: (tx: Transaction) => Promise<T>,
  timeoutMs = statementTimeoutMs,
): Promise<T> {
  return await db.transaction(async (tx) => {
    await Promise.all([
      tx.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY'),
      tx.query(
        `SELECT set_config('statement_timeout', $1, true), set_config('timezone', 'UTC', true)`,
        String(timeoutMs),
      ),
    ])
    return await run(tx)
  })
}

/** Whether PostgreSQL gave a statement up, because it took too long. */
export function isTooSlow(error: unknown): boolean {
  return error instanceof DatabaseRefusedError && error.sqlState === queryCanceled
}

/** How many there are: exactly, or more than that where counting on would take long. */
export interface Count {
  readonly number: number
  readonly isMore: boolean
}

/** How far anything is counted. */
export const mostCounted = 10_000

/** Counts the rows of a selection, up to `mostCounted`. */
export async function countUpTo(
  tx: Transaction,
  selection: string,
  ...values: unknown[]
): Promise<Count> {
  const [row] = await tx.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (${selection} LIMIT ${mostCounted + 1}) AS counted`,
    ...values,
  )
  const count = row?.count ?? 0
  return { number: Math.min(count, mostCounted), isMore: count > mostCounted }
}
