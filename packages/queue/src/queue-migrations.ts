import {
  assertSchemaCompatibility,
  LATEST_SCHEMA_VERSION,
  runMigrations,
  SchemaMigrationRequiredError,
} from 'bullmq'
import { Client, escapeIdentifier } from 'pg'
import { postgresConnection, watchWaiting } from '@clerk-sync/ops'
import { queueNames } from './location.ts'
import type { QueueLocation } from './location.ts'
import { reportTables } from './reports/report-store.ts'

/**
 * Creates or updates BullMQ's own tables, and those of the reports of processes, when the queue is on
 * PostgreSQL. Redis needs nothing.
 * `onWaiting` is called, with a line for a person, when a lock of another session is waited for.
 */
export async function migrateQueue(
  location: QueueLocation,
  { onWaiting = () => undefined }: { onWaiting?: (line: string) => void } = {},
): Promise<void> {
  if (location.kind === 'redis') return
  await withClient(location.url, {}, async (client) => {
    // BullMQ's own BEGIN then only warns, and its COMMIT ends this transaction, which has one session
    // also behind a pooler.
    await client.query('BEGIN')
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const watch = watchWaiting({
      pid: rows[0]?.pid ?? 0,
      ask: (sql, values) =>
        withClient(location.url, shortAnswers, (other) => other.query(sql, values)),
      onWaiting,
    })
    try {
      await runMigrations(client, location.schema)
    } finally {
      watch.stop()
    }
    for (const name of queueNames) await createIdSequence(client, location.schema, name)
    await createReportTables(client, location.schema)
  })
}

// BullMQ creates it with a queue's first job: only who migrates has the right to.
async function createIdSequence(client: Client, schema: string, name: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT ${escapeIdentifier(schema)}.job_id_seq_name($1) AS name`,
    [name],
  )
  const sequence = `${escapeIdentifier(schema)}.${escapeIdentifier(rows[0]?.name ?? '')}`
  await client.query(`CREATE SEQUENCE IF NOT EXISTS ${sequence}`)
}

// One transaction, in which no other one creates the same.
async function createReportTables(client: Client, schema: string): Promise<void> {
  const { sql } = reportTables(schema)
  await client.query(`SELECT pg_advisory_xact_lock(${reportTablesLock}); ${sql}`)
}

async function lacksReportTables(client: Client, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ name: string | null }>(
    'SELECT to_regclass(name) AS name FROM unnest($1::text[]) AS name',
    [reportTables(schema).names],
  )
  return rows.some(({ name }) => name === null)
}

/**
 * How many migrations of the queue the database has not applied yet. Redis needs none.
 *
 * @throws when a later major release of BullMQ has migrated the database.
 */
export async function pendingQueueMigrations(location: QueueLocation): Promise<number> {
  if (location.kind === 'redis') return 0
  try {
    return await withClient(location.url, shortAnswers, async (client) => {
      const version = await assertSchemaCompatibility(client, location.schema)
      const lacking = (await lacksReportTables(client, location.schema)) ? 1 : 0
      return Math.max(0, LATEST_SCHEMA_VERSION - version) + lacking
    })
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return LATEST_SCHEMA_VERSION
    throw error
  }
}

// A number that nothing else in the database locks.
const reportTablesLock = 7_331_095
const shortAnswers = { query_timeout: 5_000 }

async function withClient<T>(
  url: string,
  options: { query_timeout?: number },
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({
    ...postgresConnection(url),
    ...options,
    connectionTimeoutMillis: 5_000,
    application_name: 'clerk-sync migrate',
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}
