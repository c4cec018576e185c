import type { Database } from './database.ts'
import { DatabaseRefusedError } from './database-error.ts'
import { readMigrations } from './migration-history.ts'

const undefinedTable = '42P01'

interface State {
  readOnly: string
  applied: string[] | null
}

/**
 * A check, made anew at each call with one statement, of whether the database takes the writes of this
 * release. Migrations of a later release are none of its business: they go ahead of its workers.
 *
 * @throws {DatabaseUnavailableError} or an Error that says what is missing and the cure.
 */
export function createDatabaseCheck(db: Database): () => Promise<void> {
  let names: Promise<string[]> | undefined
  return async () => {
    const state = await readState(db)
    if (state.readOnly === 'on') {
      throw new Error('the database takes no writes: set DATABASE_URL to the primary')
    }
    names ??= readNames()
    const applied = new Set(state.applied)
    const missing = (await names).filter((name) => !applied.has(name))
    if (missing.length === 0) return
    throw new Error(`migrations are missing (${missing.join(', ')}): run clerk-sync migrate`)
  }
}

async function readState(db: Database): Promise<State> {
  try {
    const [state] = await db.query<State>(
      `SELECT current_setting('transaction_read_only') AS "readOnly",
           array_agg(migration_name::text) AS applied
         FROM clerk._prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
    )
    return state ?? { readOnly: 'off', applied: [] }
  } catch (error) {
    const isEmpty = error instanceof DatabaseRefusedError && error.sqlState === undefinedTable
    if (isEmpty) return { readOnly: 'off', applied: [] }
    throw error
  }
}

async function readNames(): Promise<string[]> {
  const { migrationDirectories } = await readMigrations()
  return migrationDirectories.map(({ path }) => path)
}
