import { postgresConnection } from '@clerk-sync/ops'
import { Client } from 'pg'
import type { ClientConfig } from 'pg'
import type { QueueLocation } from './location.ts'

const timeoutMs = 4_000

/** DATABASE_URL leads to a pooler that shares its sessions: a queue in PostgreSQL can't work there. */
export class SharedSessionsError extends Error {
  readonly code = 'ERR_SHARED_SESSIONS'
  override readonly name = 'SharedSessionsError'
}

const problem =
  'the queue in PostgreSQL needs sessions of its own, but DATABASE_URL leads to a connection pooler ' +
  'that shares them (PgBouncer, Supavisor): set DATABASE_URL to the server itself, or set REDIS_URL'

/**
 * Checks that a queue in PostgreSQL has sessions of its own. BullMQ sets the schema with a startup
 * parameter and waits for jobs with LISTEN: a pooler refuses the one, or lets both end up in a session
 * of somebody else.
 *
 * @throws {SharedSessionsError} or an Error of the connection.
 */
export async function checkDirectConnection(location: QueueLocation): Promise<void> {
  if (location.kind === 'redis') return
  const options = `-c search_path="${location.schema}"`
  await checkSessions({ ...postgresConnection(location.url), options }, location.schema)
}

/** The same for a pool that BullMQ has made. */
export async function checkSessions(config: ClientConfig, schema: string): Promise<void> {
  const clients = [createClient(config), createClient(config)] as const
  try {
    const [ours, other] = clients
    await Promise.all(clients.map((client) => client.connect()))
    const first = await readSession(ours)
    // A pooler gives the other client the session that ours does not use at the moment.
    await other.query('BEGIN')
    const others = await readSession(other)
    const second = await readSession(ours)
    const isShared = first.pid === others.pid || first.pid !== second.pid
    if (isShared || first.path.replaceAll('"', '') !== schema)
      throw new SharedSessionsError(problem)
  } catch (error) {
    if (error instanceof Error && /unsupported startup parameter/i.test(error.message)) {
      throw new SharedSessionsError(problem, { cause: error })
    }
    throw error
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
  }
}

function createClient(config: ClientConfig): Client {
  const client = new Client({
    ...config,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'clerk-sync check',
  })
  client.on('error', () => undefined)
  return client
}

async function readSession(client: Client): Promise<{ pid: number; path: string }> {
  const { rows } = await client.query<{ pid: number; path: string }>(
    `SELECT pg_backend_pid() AS pid, current_setting('search_path') AS path`,
  )
  const [session = { pid: 0, path: '' }] = rows
  return session
}
