import type { Database } from './database.ts'
import { DatabaseRefusedError } from './database-error.ts'
import { readMigrations } from './migration-history.ts'
import { filteredTablesSql } from './row-security.ts'

const undefinedTable = '42P01'

interface State {
  readOnly: string
  filtered: string[] | null
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
      throw new Error(
        'the database takes no writes: set DATABASE_URL to the primary, or default_transaction_read_only of the role and the database to off',
      )
    }
    // A hidden row would stay when its entity is deleted, and nobody would know.
    if (state.filtered?.length) {
      throw new Error(
        `row level security hides rows of ${state.filtered.join(', ')}: the role in DATABASE_URL must own the tables, have BYPASSRLS, or have a policy FOR ALL USING (true) on each`,
      )
    }
    names ??= readNames()
    const applied = new Set(state.applied)
    const missing = (await names).filter((name) => !applied.has(name))
    if (missing.length === 0) return
    throw new Error(`migrations are missing (${missing.join(', ')}): run clerk-sync migrate`)
  }
}

const nothingThere: State = { readOnly: 'off', filtered: null, applied: null }

async function readState(db: Database): Promise<State> {
  try {
    const [state] = await db.query<State>(
      `SELECT current_setting('transaction_read_only') AS "readOnly",
         (${filteredTablesSql}) AS filtered,
           array_agg(migration_name::text) AS applied
         FROM clerk._prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
    )
    return state ?? nothingThere
  } catch (error) {
    const isEmpty = error instanceof DatabaseRefusedError && error.sqlState === undefinedTable
    if (isEmpty) return nothingThere
    throw error
  }
}

async function readNames(): Promise<string[]> {
  const { migrationDirectories } = await readMigrations()
  return migrationDirectories.map(({ path }) => path)
}
