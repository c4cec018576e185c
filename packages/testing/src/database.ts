import { randomBytes } from 'node:crypto'
import { Client, escapeIdentifier } from 'pg'

export interface TestDatabase {
  url: string
  /** Removes the database and ends the sessions on it. */
  drop(): Promise<void>
}

/** Creates a database of its own for a test, empty or as a copy of `template`. */
export async function createTestDatabase(
  serverUrl: string,
  { template }: { template?: string } = {},
): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const source = template === undefined ? '' : ` TEMPLATE ${escapeIdentifier(template)}`
  await execute(serverUrl, `CREATE DATABASE ${name}${source}`)
  const url = new URL(serverUrl)
  url.pathname = name
  return {
    url: url.href,
    drop: () => execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
