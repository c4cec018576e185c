import { Client, DatabaseError } from 'pg'
import {
  errorMessage,
  explainPostgres,
  inTablesSchema,
  postgresConnection,
  tablesSchemaOf,
  watchWaiting,
} from '@clerk-sync/ops'
import { DatabaseUnavailableError, toConnectError } from './database-error.ts'
import { readMigrations, readSchema } from './migration-history.ts'

export { applySupabase } from './apply-supabase.ts'

// Any number serves, as long as every process that migrates uses the same one.
const migrationLock = 0x6d696772
const connectTimeoutMs = 5_000
const answerTimeoutMs = 5_000

/** Migrations could not be applied; the message says which and why. */
export class MigrationError extends Error {
  readonly code = 'ERR_MIGRATION'
  override readonly name = 'MigrationError'
}

export interface MigrateOptions {
  /** Called, with a line for a person, when a lock of another session is waited for. */
  readonly onWaiting?: (line: string) => void
}

/**
 * Brings the database to this release's schema and returns the names of the migrations applied now. It
 * is one transaction: what a killed process had begun is not there. Processes that start at once take
 * turns: the first migrates, the others find nothing to do.
 *
 * @throws {MigrationError} when a migration fails, or one failed before and was not resolved.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<string[]> {
  const schema = tablesSchemaOf(url)
  try {
    // A pooler gives a session to somebody else after each transaction: all that must stay together,
    // and the lock most of all, is in one.
    return await withClient(url, {}, async (client) => {
      const pid = await begin(client, schema)
      const watch = watchWaiting({
        pid,
        ask: (sql, values) => withClient(url, shortAnswers, (other) => other.query(sql, values)),
        onWaiting: options.onWaiting ?? (() => undefined),
      })
      try {
        await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
        await checkEncoding(client, schema)
        await createSchema(client, schema)
        const applied = await applyMigrations(client, schema)
        await client.query('COMMIT')
        return applied
      } catch (error) {
        // The failed migration was rolled back to its savepoint, and the history says why.
        await client.query('COMMIT').catch(() => undefined)
        throw error
      } finally {
        watch.stop()
      }
    })
  } catch (cause) {
    const problem = inTablesSchema(migrationProblem(cause), schema)
    throw new MigrationError(`the database was not migrated: ${problem}`, { cause })
  }
}

const shortAnswers = { query_timeout: answerTimeoutMs }

async function withClient<T>(
  url: string,
  options: { query_timeout?: number },
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({
    ...postgresConnection(url),
    ...options,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'clerk-sync migrate',
  })
  // A connection that is lost later also fails the query that is under way.
  client.on('error', () => undefined)
  try {
    await client.connect().catch((error: unknown) => {
      throw toConnectError(error)
    })
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

// Behind the lock it must see what the process before it has committed. The limits of the role or the
// database are for short queries. The history is in the schema of the tables, and
// the engine does not qualify its name.
async function begin(client: Client, schema: string): Promise<number> {
  await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL statement_timeout = 0;
    SET LOCAL lock_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL search_path = "${schema}"`)
  // PostgreSQL 17 and newer have it.
  const { rows } = await client.query<{ pid: number }>(`
    SELECT pg_backend_pid() AS pid, (
      SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout')`)
  return rows[0]?.pid ?? 0
}

// LATIN1 refuses most names of the world, and SQL_ASCII takes bytes for letters. Whoever has tables
// there must not be kept from migrating: doctor tells them.
async function checkEncoding(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>(
    `SELECT current_setting('server_encoding') AS encoding`,
  )
  const encoding = rows[0]?.encoding
  if (encoding === 'UTF8' || (await readApplied(client, schema)).length > 0) return
  throw new Error(
    `the encoding of the database is ${encoding}, but it must be UTF8: create a database with ` +
      `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and set DATABASE_URL to it`,
  )
}

// IF NOT EXISTS would need the right to create it, also where it is there.
async function createSchema(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query('SELECT to_regnamespace($1) AS schema', [schema])
  if (rows[0].schema === null) await client.query(`CREATE SCHEMA "${schema}"`)
}

/** The migrations of this release that the database has not applied yet. */
export async function pendingMigrations(url: string): Promise<string[]> {
  const { migrationDirectories } = await readMigrations()
  const schema = tablesSchemaOf(url)
  const applied = await withClient(url, shortAnswers, (client) => readApplied(client, schema))
  return migrationDirectories.map(({ path }) => path).filter((name) => !applied.includes(name))
}

async function readApplied(client: Client, schema: string): Promise<string[]> {
  const ask = <Row extends object>(sql: string) => client.query<Row>(inTablesSchema(sql, schema))
  const history = await ask<{ name: string | null }>(
    `SELECT to_regclass('clerk._prisma_migrations')::text AS name`,
  )
  if (history.rows[0]?.name === null) return []
  const { rows } = await ask<{ name: string }>(`
    SELECT migration_name AS name FROM clerk._prisma_migrations
    WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`)
  return rows.map((row) => row.name)
}

async function applyMigrations(client: Client, schema: string): Promise<string[]> {
  // Several megabytes, which only a migration needs.
  const { createSchemaEngine } = await import('./schema-engine.ts')
  const engine = await createSchemaEngine(client, [await readSchema()], schema)
  try {
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: await readMigrations(schema),
      filters: { externalTables: [], externalEnums: [] },
    })
    return appliedMigrationNames
  } finally {
    engine.free()
  }
}

// Why a migration was not applied and what to do, for an operator. The engine's own messages carry a
// Rust trace and name commands that clerk-sync doesn't have.
function migrationProblem(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (cause instanceof DatabaseUnavailableError) return cause.explanation
  const advice = cause instanceof DatabaseError && explainPostgres(cause.message, cause.code)
  if (advice) return `${cause.message}; ${advice.cause}: ${advice.cure}`
  switch ('code' in cause ? cause.code : undefined) {
    case 'P3005':
      return (
        'the schema "clerk" holds tables that clerk-sync did not create. ' +
        'Drop or rename the schema, or use another database'
      )
    case 'P3009':
      return failedBefore(nameIn(cause.message))
    default:
      return cause instanceof AggregateError ? errorMessage(cause) : engineReason(cause)
  }
}

function failedBefore(name: string): string {
  return (
    `migration ${name} failed before and must be resolved. None of its statements is in effect; ` +
    'the column "logs" of clerk._prisma_migrations says why. Remove the cause, then run: ' +
    'UPDATE clerk._prisma_migrations SET rolled_back_at = now() ' +
    `WHERE migration_name = '${name}' AND finished_at IS NULL; and migrate again`
  )
}

// "The `20261121000000_init` migration started at … failed"
function nameIn(message: string): string {
  return /`([^`]+)` migration/.exec(message)?.[1] ?? 'unknown'
}

// "external connector error", the database's own line, and the trace with the migration's name.
function engineReason({ message }: Error): string {
  const [, name] = /migration_name="([^"]+)"/.exec(message) ?? []
  const [, reason = message.trim()] =
    /^Error querying the database: (?:ERROR: )?(.+)$/m.exec(message) ?? []
  return name === undefined ? reason.split(/\n\s+0: /)[0]! : `migration ${name} failed: ${reason}`
}
