import { Client } from 'pg'
import { errorMessage } from '@clerk-sync/ops'
import { finishInterrupted, finishWithin, readMigrations, readSchema } from './migration-history.ts'
import { createSchemaEngine } from './schema-engine.ts'

// Any number serves, as long as every process that migrates uses the same one.
const migrationLock = 0x6d696772

/** Migrations could not be applied; the message says which and why. */
export class MigrationError extends Error {
  readonly code = 'ERR_MIGRATION'
  override readonly name = 'MigrationError'
}

/**
 * Brings the database to this release's schema and returns the names of the migrations applied
 * now. Processes that start at once take turns: the first migrates, the others find nothing to do.
 *
 * @throws {MigrationError} when a migration fails, or one failed before and was not resolved.
 */
export async function migrate(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  // A connection that is lost later also fails the query that is under way.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock])
    await createSchema(client)
    await finishInterrupted(client)
    return await applyMigrations(url)
  } catch (cause) {
    throw new MigrationError(`the database was not migrated: ${migrationProblem(cause)}`, { cause })
  } finally {
    await client.end().catch(() => undefined)
  }
}

// IF NOT EXISTS would need the right to create it, also where it is there.
async function createSchema(client: Client): Promise<void> {
  const { rows } = await client.query(`SELECT to_regnamespace('clerk') AS schema`)
  if (rows[0].schema === null) await client.query('CREATE SCHEMA clerk')
}

/** The migrations of this release that the database has not applied yet. */
export async function pendingMigrations(url: string): Promise<string[]> {
  const { migrationDirectories } = await readMigrations()
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const applied = new Set(await readApplied(client))
    return migrationDirectories.map(({ path }) => path).filter((name) => !applied.has(name))
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function readApplied(client: Client): Promise<string[]> {
  const history = await client.query(`SELECT to_regclass('clerk._prisma_migrations') AS name`)
  if (history.rows[0].name === null) return []
  const { rows } = await client.query<{ name: string }>(`
    SELECT migration_name AS name FROM clerk._prisma_migrations
    WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`)
  return rows.map((row) => row.name)
}

async function applyMigrations(url: string): Promise<string[]> {
  const migrationsList = await readMigrations()
  const { engine, close } = await createSchemaEngine(
    url,
    [await readSchema()],
    finishWithin(migrationsList),
  )
  try {
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList,
      filters: { externalTables: [], externalEnums: [] },
    })
    return appliedMigrationNames
  } finally {
    await close()
  }
}

// Why a migration was not applied and what to do, for an operator. The engine's own messages carry a
// Rust trace and name commands that clerk-sync doesn't have.
function migrationProblem(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
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
