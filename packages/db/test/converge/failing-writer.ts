import type { Database } from '../../src/index.ts'
import type { PreparedStatement, Transaction } from '../../src/database.ts'
import type { Crash } from './history.ts'

export interface FailingWriter extends Database {
  hasCrashed(): boolean
}

/** A writer that is killed before its next statement, or its commit, once it has run so many. */
export function failAt(db: Database, { statements, how }: Crash): FailingWriter {
  let left = statements
  let crashed = false

  async function live(tx: Transaction): Promise<void> {
    left -= 1
    if (left >= 0) return
    crashed = true
    if (how === 'disconnected') {
      await tx.execute('SELECT pg_terminate_backend(pg_backend_pid())')
    }
    throw new Error('the writer was killed')
  }

  return {
    ...db,
    hasCrashed: () => crashed,
    transaction: (run) =>
      db.transaction(async (tx) => {
        const result = await run(countStatements(tx, live))
        await live(tx)
        return result
      }),
  }
}

function countStatements(tx: Transaction, live: (tx: Transaction) => Promise<void>): Transaction {
  const statements = {
    async query(statement: string | PreparedStatement, ...values: unknown[]) {
      await live(tx)
      return tx.query(statement, ...values)
    },
    async execute(statement: string | PreparedStatement, ...values: unknown[]) {
      await live(tx)
      return tx.execute(statement, ...values)
    },
  }
  return statements as Transaction
}
