import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { afterAll, expect, vi } from 'vitest'
import { applyChanges, createDatabase } from '../src/index.ts'
import { migrate } from '../src/migrate.ts'
import type { Change } from '@clerk-sync/events'
import type { Database, WriteRules } from '../src/index.ts'
import { query } from './query.ts'

export interface Tables {
  readonly url: string
  /** Connection pools of their own, like those of as many workers. */
  readonly writers: readonly [Database, Database, Database, Database]
  /** Applies a batch and returns the outcomes; fails when a change is refused. */
  apply(...changes: Change[]): Promise<string[]>
  query<Row extends object>(sql: string): Promise<Row[]>
  /** Resolves when a statement waits for a lock of another transaction. */
  untilOneWaits(): Promise<void>
  close(): Promise<void>
}

/** A migrated database of its own, for the tests of one file. */
export async function createTables(): Promise<Tables> {
  const database = await createMigratedDatabase(migrate)
  const { url } = database
  const open = () => createDatabase({ url, maxConnections: 1 })
  const writers = [open(), open(), open(), open()] as const
  return {
    url,
    writers,
    apply: (...changes) => applyAll(writers[0], changes),
    query: (sql) => query(url, sql),
    untilOneWaits: () =>
      vi.waitFor(async () => {
        const waiting = await query(
          url,
          `SELECT FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        )
        expect(waiting).toHaveLength(1)
      }),
    async close() {
      await Promise.all(writers.map((db) => db.close()))
      await database.drop()
    },
  }
}

/** What a deployment has that sets nothing. */
export const defaultRules: WriteRules = { deletionPolicy: 'erase', auditValues: false }

/** Applies a batch through one writer; fails when a change is refused. */
export async function applyAll(
  db: Database,
  changes: readonly Change[],
  rules: WriteRules = defaultRules,
): Promise<string[]> {
  const results = await applyChanges(db, changes, rules)
  return results.map((result) => {
    if (!result.ok) throw result.error
    return result.outcome
  })
}

/** The same for a test file, closed after its last test. */
export async function useTables(): Promise<Tables> {
  const tables = await createTables()
  afterAll(() => tables.close())
  return tables
}
