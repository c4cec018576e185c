import { randomBytes } from 'node:crypto'
import { Client, escapeIdentifier, Pool } from 'pg'

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

/**
 * Opens connections for a test. Its end() does not wait until they are closed: the server may tell one of
 * them that its database is dropped, and nobody wants to know.
 */
export function openTestPool(url: string): Pool {
  const pool = new Pool({ connectionString: url })
  pool.on('error', () => undefined)
  return pool
}

const execute = (serverUrl: string, sql: string) =>
  withServer(serverUrl, async (client) => void (await client.query(sql)))

/** Runs statements on a server, over a connection of its own. */
export async function withServer<T>(
  serverUrl: string,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: serverUrl })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
