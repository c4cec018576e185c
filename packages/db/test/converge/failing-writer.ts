import type { Database } from '../../src/index.ts'
import type { Transaction } from '../../src/database.ts'
import type { Crash } from './history.ts'

export interface FailingWriter extends Database {
  isDead(): boolean
}

/** A writer that is killed before its next statement, or its commit, once it has run so many. */
export function failAt(db: Database, { statements, how }: Crash): FailingWriter {
  let left = statements
  let dead = false

  async function live(tx: Transaction): Promise<void> {
    left -= 1
    if (left >= 0) return
    dead = true
    if (how === 'disconnected') {
      await tx.$executeRawUnsafe('SELECT pg_terminate_backend(pg_backend_pid())')
    }
    throw new Error('the writer was killed')
  }

  return {
    ...db,
    isDead: () => dead,
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
    async $queryRawUnsafe(sql: string, ...values: unknown[]) {
      await live(tx)
      return tx.$queryRawUnsafe(sql, ...values)
    },
    async $executeRawUnsafe(sql: string, ...values: unknown[]) {
      await live(tx)
      return tx.$executeRawUnsafe(sql, ...values)
    },
  }
  return statements as Transaction
}
