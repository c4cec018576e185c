import type { Transaction } from '../transaction.ts'

// 'clerk' in ASCII: any number serves, as long as every writer of these tables uses the same one.
const lockKey = 0x636c65726b

// The zone is set per transaction as well as per connection: behind a pooler they may not be the
// same. The limits are below that of an answer (database.ts), so that PostgreSQL is the one to give up.
const prepare = `
  SELECT set_config('timezone', 'UTC', true),
         set_config('lock_timeout', '5s', true),
         set_config('statement_timeout', '8s', true),
         set_config('idle_in_transaction_session_timeout', '15s', true)`

/**
 * Writers share the tables, a transaction that deletes has them alone. Otherwise an upsert that
 * began before a delete was committed could bring the row back: it can't lock a row that isn't there.
 * The lock ends with the transaction.
 */
export async function lockTables(tx: Transaction, alone: boolean): Promise<void> {
  const lock = alone ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared'
  await tx.$executeRawUnsafe(`${prepare}, ${lock}(${lockKey})::text`)
}
