import type { Transaction } from '../transaction.ts'

// 'clerk' in ASCII: any number serves, as long as every writer of these tables uses the same one.
const lockKey = 0x636c65726b

// Prisma's adapter takes the local time of the session for UTC (it drops the offset).
const prepare = `
  SELECT set_config('timezone', 'UTC', true),
         set_config('statement_timeout', '30s', true),
         set_config('idle_in_transaction_session_timeout', '30s', true)`

/**
 * Writers share the tables, a transaction that deletes has them alone. Otherwise an upsert that
 * began before a delete was committed could bring the row back: it can't lock a row that isn't there.
 * The lock ends with the transaction.
 */
export async function lockTables(tx: Transaction, deletes: boolean): Promise<void> {
  const lock = deletes ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared'
  await tx.$executeRawUnsafe(`${prepare}, ${lock}(${lockKey})::text`)
}
