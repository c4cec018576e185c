import { escapeIdentifier } from 'pg'
import { inject } from 'vitest'
import { createTestDatabase, withServer } from './database.ts'
import type { TestDatabase } from './database.ts'

// Any number serves, as long as every process of a run uses the same one.
const templateLock = 0x74656d70

/**
 * Creates a database of its own for a test, with the tables. The first call of a run makes a template with
 * `migrate`, and all are copies of it: applying the migrations takes several times as long.
 */
export async function createMigratedDatabase(
  migrate: (url: string) => Promise<unknown>,
): Promise<TestDatabase> {
  const serverUrl = inject('databaseUrl')
  const template = inject('migratedTemplate')
  await withServer(serverUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [templateLock])
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [
      template,
    ])
    if (rowCount !== 0) return
    // It has its name once it is whole.
    const { url } = await createTestDatabase(serverUrl)
    await migrate(url)
    const name = new URL(url).pathname.slice(1)
    await client.query(`ALTER DATABASE ${name} RENAME TO ${escapeIdentifier(template)}`)
  })
  return await createTestDatabase(serverUrl, { template })
}
