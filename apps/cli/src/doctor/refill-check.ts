import type { Database } from '@clerk-sync/db'
import { readDeployment } from '@clerk-sync/sync'
import type { Check } from './check.ts'

/** Checks that no row lacks a field because it was written before SYNC_FIELDS kept the field. */
export function refillCheck(db: Database, tables: Check): Check {
  return {
    name: 'kept fields',
    needs: tables,
    async run() {
      const { unfilled } = await readDeployment(db)
      if (unfilled.length === 0) return { status: 'ok', found: 'filled in all rows' }
      const names = [...new Set(unfilled.map((field) => field.slice(0, field.indexOf('.'))))]
      return {
        status: 'warning',
        found: `${unfilled.join(', ')}: not in all rows`,
        cause: 'SYNC_FIELDS keeps it since, and rows that were written before lack it',
        cure: `run "clerk-sync backfill --refill --entities ${names.join(',')}"`,
      }
    },
    onError: (reason) => ({
      status: 'warning',
      found: reason,
      cause: `${db.tablesSchema}.deployment could not be read`,
      cure: `the user in DATABASE_URL must own the schema "${db.tablesSchema}"`,
    }),
  }
}
