import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import {
  defaultTablesSchema,
  inTablesSchema,
  postgresConnection,
  tablesSchemaOf,
  waitAtMost,
} from '@clerk-sync/ops'
import { DatabaseError, Pool } from 'pg'
import type { PoolClient, QueryResult } from 'pg'
import { DatabaseRefusedError, toConnectError, toDatabaseError } from './database-error.ts'
import { traceTransaction } from './trace-transaction.ts'

// A connection that takes longer than this is an outage; PostgreSQL itself answers in milliseconds.
const connectTimeoutMs = 5_000
// Above the statement timeout: only a server that answers nothing at all gets here.
const answerTimeoutMs = 10_000
// A session keeps the defaults that it began with, whatever ALTER DATABASE or ALTER ROLE says later.
const sessionLifetimeSeconds = 300
// Those that began read-only: each is used once.
const readOnlySessions = new WeakSet<object>()
// A connection to a server that does not answer would hold up the end of the process.
const closeTimeoutMs = 2_000

/** A statement that a connection plans once, for what runs all the time. Made by `prepare`. */
export interface PreparedStatement {
  readonly name: string
  readonly text: string
  /** The table that a refusal is about, where PostgreSQL does not name one. */
  readonly writesTo: string | undefined
}

/**
 * Names a statement by its text, so that a name means the same to every release and every process
 * behind a pooler. The columns of its result must not depend on what the tables have: PostgreSQL would
 * refuse the plan after the next migration.
 */
export function prepare(text: string, writesTo?: string): PreparedStatement {
  const hash = createHash('sha256').update(text).digest('base64url')
  return { name: `clerk_sync_${hash.slice(0, 20)}`, text, writesTo }
}

/** Runs statements, with $1 for the first of the values. */
interface Queries {
  /** @throws {DatabaseUnavailableError} {DatabaseRefusedError} */
  query<Row extends object>(
    statement: string | PreparedStatement,
    ...values: unknown[]
  ): Promise<Row[]>
}

/**
 * One transaction. A statement is sent at once: those that do not need each other's answer share a
 * round trip when they are awaited together. They run in the order in which they were sent.
 */
export interface Transaction extends Queries {
  /** Returns how many rows the statement wrote. */
  execute(statement: string | PreparedStatement, ...values: unknown[]): Promise<number>
}

/** How the connections to the database are used now. */
export interface PoolUse {
  readonly active: number
  readonly idle: number
  /** The most connections that there may be. */
  readonly max: number
  /** Who waits for a connection. */
  readonly waiters: number
}

export interface Database extends Queries {
  /** The PostgreSQL schema of the tables. Statements are written for `clerk`. */
  readonly tablesSchema: string
  /**
   * Runs statements in one transaction; it rolls back when `run` throws. `run` is called a second time
   * where a pooler turns out to keep no prepared statements.
   *
   * @throws {DatabaseUnavailableError} or {DatabaseRefusedError} where the database is the cause.
   */
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T>
  /** @throws {DatabaseUnavailableError} when the database does not answer. */
  ping(): Promise<void>
  /** How the connections are used now. Sends nothing to the database. */
  poolUse(): PoolUse
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  readonly maxConnections: number
  /** How long a statement may take. By default what the server allows, 10 s at most. */
  readonly statementTimeoutMs?: number
}

/**
 * A pool of connections to the database that holds the tables. Nothing connects until first use.
 * `pgbouncer=true` in the URL says that a pooler without prepared statements is in between; it is found
 * out, too, at the price of a transaction that runs twice.
 */
export function createDatabase(options: DatabaseOptions): Database {
  const pool = openPool(options)
  const begin = beginOf(options)
  const tablesSchema = tablesSchemaOf(options.url)
  const localize = createLocalize(tablesSchema)
  const connected = new Set<PoolClient & WithSocket>()
  pool.on('connect', (client) => connected.add(client as PoolClient & WithSocket))
  pool.on('remove', (client) => connected.delete(client as PoolClient & WithSocket))
  let keepsStatements = new URL(options.url).searchParams.get('pgbouncer') !== 'true'
  let closed: Promise<void> | undefined

  async function connect(): Promise<PoolClient> {
    try {
      return await pool.connect()
    } catch (error) {
      throw toConnectError(error)
    }
  }

  async function withConnection<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await connect()
    try {
      return await use(client)
    } finally {
      // One with an open transaction would have the next one run inside of it.
      client.release(client.getTransactionStatus() !== 'I' || readOnlySessions.has(client))
    }
  }

  // Names that a pooler's server does not know, or knows from somebody else.
  async function withKnownStatements<T>(run: () => Promise<T>): Promise<T> {
    const wereNamed = keepsStatements
    try {
      return await run()
    } catch (error) {
      const isNameUnknown =
        error instanceof DatabaseRefusedError && ['26000', '42P05'].includes(error.sqlState)
      if (!wereNamed || !isNameUnknown) throw error
      keepsStatements = false
      return await run()
    }
  }

  const db: Database = {
    tablesSchema,
    query: (statement, ...values) =>
      begin.length > 1
        ? db.transaction((tx) => tx.query(statement, ...values))
        : withKnownStatements(() =>
            withConnection((client) =>
              statementsOn(client, keepsStatements, localize).query(statement, ...values),
            ),
          ),
    async transaction(run) {
      const traced = traceTransaction(run)
      try {
        const result = await withKnownStatements(() =>
          withConnection((client) =>
            runTransaction(client, statementsOn(client, keepsStatements, localize), {
              begin,
              run: traced.run,
            }),
          ),
        )
        traced.end()
        return result
      } catch (error) {
        traced.end(error)
        throw error
      }
    },
    async ping() {
      await withConnection((client) => statementsOn(client, false, localize).query('SELECT 1'))
    },
    poolUse: () => readPoolUse(pool),
    async close() {
      closed ??= pool.end()
      await waitAtMost(closed, closeTimeoutMs)
      // Whoever waits for a server that does not answer has an error now.
      for (const { connection } of connected) connection.stream.destroy()
    },
  }
  pools.set(db, pool)
  return db
}

const pools = new WeakMap<Database, Pool>()

/** The connections of a database, for the tests' Prisma client. */
export function poolOf(db: Database): Pool {
  const pool = pools.get(db)
  if (!pool) throw new Error('createDatabase did not make this database')
  return pool
}

// The driver's own end() waits for the answers to what was sent.
interface WithSocket {
  readonly connection: { readonly stream: Socket }
}

function openPool({ url, maxConnections }: DatabaseOptions): Pool {
  const pool = new Pool({
    ...postgresConnection(url),
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
    maxLifetimeSeconds: sessionLifetimeSeconds,
    keepAlive: true,
    pipeline: true,
    application_name: 'clerk-sync',
    // PostgreSQL writes times as the session says, and they are read as ISO 8601 in UTC. By a statement,
    // which the pool waits for: as a connection option a pooler may refuse it.
    // oxlint-disable-next-line typescript/no-misused-promises -- awaited, though its type says void
    onConnect: async (client): Promise<void> => {
      const results: unknown = await client.query(
        `SET timezone TO 'UTC'; SET datestyle TO 'ISO'; SHOW default_transaction_read_only`,
      )
      const [, , shown] = results as QueryResult<{ default_transaction_read_only: string }>[]
      if (shown?.rows[0]?.default_transaction_read_only === 'on') readOnlySessions.add(client)
    },
  })
  // An idle connection that the server drops is replaced at the next use; of any other the statement
  // under way fails.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

const unnamed = { name: undefined, writesTo: undefined }

// Locks and reads rely on the isolation, whatever the server's default is: each statement sees what was
// committed before it began. A pooler may give the session to somebody else after the transaction.
function beginOf({ statementTimeoutMs }: DatabaseOptions): string[] {
  const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED'
  return statementTimeoutMs === undefined
    ? [begin]
    : [begin, `SET LOCAL statement_timeout = ${Math.round(statementTimeoutMs)}`]
}

async function runTransaction<T>(
  client: PoolClient,
  tx: Transaction,
  { begin, run }: { begin: readonly string[]; run: (tx: Transaction) => Promise<T> },
): Promise<T> {
  try {
    const begun = begin.map((statement) => tx.execute(statement))
    const result = await run(tx)
    await Promise.all(begun)
    const { command } = await client.query('COMMIT').catch((error: unknown) => {
      throw toDatabaseError(error)
    })
    // What PostgreSQL makes of a transaction in which a statement failed.
    if (command !== 'COMMIT') throw new Error('a statement failed in a transaction that went on')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

type Localize = (statement: string | PreparedStatement) => string | PreparedStatement

// Statements are written for the schema `clerk`; each is written anew for another one once.
function createLocalize(schema: string): Localize {
  if (schema === defaultTablesSchema) return (statement) => statement
  const known = new WeakMap<PreparedStatement, PreparedStatement>()
  return (statement) => {
    if (typeof statement === 'string') return inTablesSchema(statement, schema)
    const localized =
      known.get(statement) ?? prepare(inTablesSchema(statement.text, schema), statement.writesTo)
    known.set(statement, localized)
    return localized
  }
}

function statementsOn(
  client: PoolClient,
  keepsStatements: boolean,
  localize: Localize,
): Transaction {
  let first: unknown
  async function run(given: string | PreparedStatement, values: unknown[]) {
    const statement = localize(given)
    const { name, text, writesTo } =
      typeof statement === 'string' ? { ...unnamed, text: statement } : statement
    const isNamed = keepsStatements && name !== undefined
    try {
      return await client.query(isNamed ? { name, text, values } : { text, values })
    } catch (error) {
      // Behind a statement that failed all others fail, with an error that says no more than that.
      const isBehind = error instanceof DatabaseError && error.code === '25P02'
      if (!isBehind || first === undefined) first = toDatabaseError(error, writesTo)
      throw first
    }
  }
  return {
    query: <Row extends object>(statement: string | PreparedStatement, ...values: unknown[]) =>
      handled(run(statement, values).then(({ rows }) => rows as Row[])),
    execute: (statement, ...values) =>
      handled(run(statement, values).then(({ rowCount }) => rowCount ?? 0)),
  }
}

// Who waits for several statements has the error of one; nobody waits for the others any more.
function handled<T>(result: Promise<T>): Promise<T> {
  result.catch(() => undefined)
  return result
}

function readPoolUse(pool: Pool): PoolUse {
  const { totalCount, idleCount, waitingCount, options } = pool
  return {
    active: totalCount - idleCount,
    idle: idleCount,
    max: options.max,
    waiters: waitingCount,
  }
}
