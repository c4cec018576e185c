import { applyChanges, createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import { changeFromApi, entities } from '@clerk-sync/events'
import { openTestPool } from '@clerk-sync/testing'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { onTestFinished } from 'vitest'

/** A migrated database with Ada, who is a member of Acme, and Bob, whose row stayed when he left. */
export async function createScene() {
  const database = await createMigratedDatabase(migrate)
  onTestFinished(() => database.drop())
  const pool = openTestPool(database.url)
  onTestFinished(() => pool.end())
  const db = createDatabase({ url: database.url, maxConnections: 1 })
  const noon = Date.UTC(2026, 0, 1, 12)
  const objects: Record<string, object[]> = {
    user: [
      {
        id: 'user_ada',
        first_name: 'Ada',
        email_addresses: [{ id: 'idn_1', email_address: 'ada@example.com' }],
      },
      { id: 'user_bob', first_name: 'Bob' },
    ],
    organization: [{ id: 'org_acme', name: 'Acme' }],
    organization_membership: [
      {
        id: 'orgmem_1',
        organization: { id: 'org_acme' },
        public_user_data: { user_id: 'user_ada' },
        role: 'org:admin',
      },
    ],
  }
  const changes = Object.entries(objects).flatMap(([name, some]) =>
    some.map((object) => {
      const entity = entities.find((one) => one.name === name)
      const change =
        entity && changeFromApi(entity, { ...object, created_at: noon, updated_at: noon })
      if (change?.kind !== 'upsert') throw new Error(`no ${name} can be made of it`)
      return change
    }),
  )
  await applyChanges(db, changes, { deletionPolicy: 'retain', auditValues: false })
  await db.close()
  await pool.query(`UPDATE clerk.users SET deleted_at = now() WHERE id = 'user_bob'`)
  /** Everything in the schema of our tables. */
  const describeClerk = async () =>
    (
      await pool.query(
        `SELECT relname, relkind, attname, format_type(atttypid, atttypmod), attnotnull, attcollation
         FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
         WHERE relnamespace = 'clerk'::regnamespace ORDER BY relname, attnum`,
      )
    ).rows
  return { url: database.url, pool, describeClerk }
}
