import { applyChanges, createDatabase } from '@clerk-sync/db'
import { changeFromEvent, keptBy } from '@clerk-sync/events'
import type { EventChange } from '@clerk-sync/events'
import { withServer } from '@clerk-sync/testing'
import type { Client } from 'pg'
import { buildDeliveries, firstNumber, idDigits, userIdOf } from './deliveries.ts'
import type { Delivery } from './deliveries.ts'

/** How a worker with its default settings writes. */
export const rules = { deletionPolicy: 'erase', auditValues: false } as const

const zeros = '0'.repeat(idDigits - String(firstNumber).length)
const kept = keptBy({ SYNC_ENTITIES: undefined, SYNC_FIELDS: undefined })

/** What the worker makes of the jobs of these deliveries. */
export function toChanges(deliveries: readonly Delivery[]): EventChange[] {
  return deliveries.map(({ job }) => changeFromEvent(kept, job))
}

/**
 * Fills the tables of a migrated database with so many users, each with an address and an event in the
 * ledger. Each table is filled within the transaction that empties it, and its indexes are built
 * afterwards: with wal_level=minimal neither rows nor indexes are logged.
 */
export async function seedTables(url: string, users: number, signal: AbortSignal): Promise<void> {
  await withServer(url, async (client) => {
    await client.query("SET timezone TO 'UTC'")
    const fills = await buildFills(client, url, users)
    const stepsOf: string[][] = []
    for (const [table, fill] of fills) {
      const indexes = await readIndexes(client, table)
      stepsOf.push([
        ...indexes.map(({ drop }) => drop),
        fill,
        `VACUUM (ANALYZE, BUFFER_USAGE_LIMIT 0) ${table}`,
        ...indexes.map(({ create }) => create),
        ...indexes.flatMap(({ adopt }) => adopt ?? []),
      ])
    }
    // A connection for each table, so that they are filled at once.
    await Promise.all(
      stepsOf.map((steps) => withServer(url, (own) => runSteps(own, steps, signal))),
    )
    await client.query('CHECKPOINT')
  })
}

async function runSteps(own: Client, steps: readonly string[], signal: AbortSignal): Promise<void> {
  // It ends the connection, and with it a statement that may take a minute.
  const stop = () => void own.end()
  signal.addEventListener('abort', stop)
  try {
    await own.query("SET timezone TO 'UTC'")
    // The ledger's trigger lets nobody empty it.
    await own.query('SET session_replication_role TO replica')
    for (const step of steps) {
      signal.throwIfAborted()
      await own.query(step)
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

interface Index {
  readonly drop: string
  readonly create: string
  /** Makes it the index of its primary key again. */
  readonly adopt: string | undefined
}

async function readIndexes(client: Client, table: string): Promise<Index[]> {
  const { rows } = await client.query<{ name: string; definition: string; key: string | null }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition,
            quote_ident(conname) AS key
     FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid AND contype = 'p'
     WHERE indrelid = $1::regclass`,
    [table],
  )
  return rows.map(({ name, definition, key }) => ({
    drop: key === null ? `DROP INDEX ${name}` : `ALTER TABLE ${table} DROP CONSTRAINT ${key}`,
    create: definition,
    adopt:
      key === null
        ? undefined
        : `ALTER TABLE ${table} ADD CONSTRAINT ${key} PRIMARY KEY USING INDEX ${key}`,
  }))
}

// The rows are as an event would leave them, so that the first event of a user changes as little as any
// other: each is that of the first user, with what is its own. The values are literals, since a join with
// that row, and functions on the number, took half of the time.
async function buildFills(
  client: Client,
  url: string,
  users: number,
): Promise<Map<string, string>> {
  const db = createDatabase({ url, maxConnections: 1 })
  await applyChanges(db, toChanges(buildDeliveries(1, 1)), rules)
  await db.close()
  const fills = new Map<string, string>()
  const add = async (table: string, key: string, own: Record<string, string>) => {
    const columns = await client.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
      [table],
    )
    const names = columns.rows.map(({ name }) => name)
    const first = await client.query<Record<string, string>>(
      `SELECT ${names.map((name) => `quote_nullable(${name}::text) AS ${name}`).join(', ')}
       FROM ${table} WHERE ${key} = '${userIdOf(0)}'`,
    )
    const values = { ...first.rows[0], ...own }
    fills.set(
      table,
      `TRUNCATE ${table};
       INSERT INTO ${table} (${names.join(', ')})
       SELECT ${names.map((name) => values[name]).join(', ')}
       FROM (SELECT generate_series(${firstNumber}, ${firstNumber + users - 1})::text AS number)`,
    )
  }
  const numbered = (prefix: string, suffix = '') => `'${prefix}' || number || '${suffix}'`
  const idOf = (prefix: string) => numbered(`${prefix}_${zeros}`)
  // The sample's address has the last ten digits of the id.
  const address = numbered('ada.00', '@example.com')
  const eventId = idOf('msg_seed')
  await add('clerk.users', 'id', {
    id: idOf('user'),
    primary_email_address: address,
    event_id: eventId,
  })
  await add('clerk.email_addresses', 'user_id', {
    id: idOf('idn'),
    user_id: idOf('user'),
    email_address: address,
  })
  await add('clerk.webhook_events', 'user_id', {
    id: eventId,
    entity_id: idOf('user'),
    user_id: idOf('user'),
    changed_columns: `'{}'`,
  })
  return fills
}

// What an event of a user reads and changes; of the other indexes it meets the last page alone, or none.
const visited = [
  'users',
  'users_pkey',
  'email_addresses',
  'email_addresses_pkey',
  'webhook_events_user_id_idx',
]

/**
 * Reads the pages that events meet into PostgreSQL's memory, as they are after a while, and makes a
 * checkpoint, so that what is measured next begins as any other.
 */
export async function warmTables(url: string): Promise<void> {
  await withServer(url, async (client) => {
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_prewarm')
    for (const name of visited) await client.query(`SELECT pg_prewarm('clerk.${name}')`)
    await client.query('CHECKPOINT')
  })
}

/** When the rows of these events were committed, in milliseconds since 1970, by svix-id. */
export async function readCommitTimes(
  url: string,
  svixIds: readonly string[],
): Promise<Map<string, number>> {
  return await withServer(url, async (client) => {
    const { rows } = await client.query<{ id: string; at: string }>(
      `SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000 AS at
       FROM clerk.webhook_events WHERE id = ANY($1)`,
      [svixIds],
    )
    return new Map(rows.map(({ id, at }) => [id, Number(at)]))
  })
}
