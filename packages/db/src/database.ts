import { postgresConnection, waitAtMost } from '@clerk-sync/ops'
import { PrismaPg } from '@prisma/adapter-pg'
import { DatabaseError, Pool } from 'pg'
import type { PoolClient, QueryResult } from 'pg'
import { toConnectError, toDatabaseError } from './database-error.ts'
import { PrismaClient } from './generated/client.ts'
import { traceTransaction } from './trace-transaction.ts'

// A connection that takes longer than this is an outage; PostgreSQL itself answers in milliseconds.
const connectTimeoutMs = 5_000
// Above the statement timeout: only a server that answers nothing at all gets here.
const answerTimeoutMs = 10_000
const transactionTimeoutMs = 30_000
// A session keeps the defaults that it began with, whatever ALTER DATABASE or ALTER ROLE says later.
const sessionLifetimeSeconds = 300
// A connection to a server that does not answer would hold up the end of the process.
const closeTimeoutMs = 2_000

/** The part of the Prisma client that statements run on, inside one transaction. */
export interface Transaction {
  $queryRawUnsafe<T = unknown>(text: string, ...values: unknown[]): Promise<T>
  $executeRawUnsafe(text: string, ...values: unknown[]): Promise<number>
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

export interface Database {
  /** Typed reads of the tables. */
  readonly prisma: PrismaClient
  /**
   * Runs statements in one transaction; it rolls back when `run` throws.
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

/** A pool of connections to the database that holds the tables. Nothing connects until first use. */
export function createDatabase(options: { url: string; maxConnections: number }): Database {
  // Sessions that began read-only and stay so: each is used once.
  const readOnly = new WeakSet<object>()
  const pool = new ExplainingPool({
    ...postgresConnection(options.url),
    max: options.maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
    maxLifetimeSeconds: sessionLifetimeSeconds,
    keepAlive: true,
    application_name: 'clerk-sync',
    // Prisma's adapter drops the offset of a timestamptz, so the session must be in UTC, and reads
    // ISO 8601 alone. By a statement, which the pool waits for: as a connection option a pooler may
    // refuse it.
    // oxlint-disable-next-line typescript/no-misused-promises -- awaited, though its type says void
    onConnect: async (client): Promise<void> => {
      const results: unknown = await client.query(
        `SET timezone TO 'UTC'; SET datestyle TO 'ISO'; SHOW default_transaction_read_only`,
      )
      const [, , shown] = results as QueryResult<{ default_transaction_read_only: string }>[]
      if (shown?.rows[0]?.default_transaction_read_only === 'on') readOnly.add(client)
    },
  })
  // When a ROLLBACK gets no answer, Prisma gives the connection back with its transaction still open:
  // the next one would run inside of it.
  pool.on('release', (_error, client) => {
    if (client.getTransactionStatus() !== 'I' || readOnly.has(client)) {
      void client.end().catch(() => undefined)
    }
  })
  const adapter = new NamingPg(pool, {
    schema: 'clerk',
    disposeExternalPool: true,
    // An idle connection that the server drops is replaced at the next use.
    onPoolError: () => undefined,
    onConnectionError: () => undefined,
  })
  const prisma = new PrismaClient({ adapter, errorFormat: 'minimal' })
  return {
    prisma,
    async transaction(run) {
      const traced = traceTransaction(run)
      try {
        const result = await prisma.$transaction(traced.run, {
          // Locks and reads rely on it, whatever the server's default is: each statement sees what was
          // committed before it began.
          isolationLevel: 'ReadCommitted',
          maxWait: connectTimeoutMs + 1_000,
          timeout: transactionTimeoutMs,
        })
        traced.end()
        return result
      } catch (error) {
        const problem = toDatabaseError(error)
        traced.end(problem)
        throw problem
      }
    },
    async ping() {
      try {
        await prisma.$queryRawUnsafe('SELECT 1')
      } catch (error) {
        throw toDatabaseError(error)
      }
    },
    poolUse: () => readPoolUse(pool),
    async close() {
      await waitAtMost(prisma.$disconnect(), closeTimeoutMs)
    },
  }
}

type ConnectCallback = Parameters<Pool['connect']>[0]

// Prisma leaves out why a connection failed: that the server refused it, or which name did not resolve.
class ExplainingPool extends Pool {
  override connect(): Promise<PoolClient>
  override connect(callback: ConnectCallback): void
  override connect(callback?: ConnectCallback): Promise<PoolClient> | void {
    if (!callback) {
      return super.connect().catch((error: unknown) => {
        throw toConnectError(error)
      })
    }
    super.connect((error, client, release) =>
      callback(error && toConnectError(error), client, release),
    )
  }
}

/** Prisma's adapter drops which table, column and constraint an error is about. Here they are kept. */
class NamingPg extends PrismaPg {
  override async connect() {
    const connection = await super.connect()
    const start = connection.startTransaction.bind(connection)
    connection.startTransaction = async (level) => keepNames(await start(level))
    return connection
  }
}

// The adapter's own place for errors, which its types don't show: without it the names are missing.
function keepNames<T extends object>(transaction: T): T {
  const adapter: { onError?: (this: void, error: unknown) => never } = transaction
  const convert = adapter.onError
  adapter.onError = (error) => {
    try {
      return convert!(error)
    } catch (converted) {
      if (error instanceof DatabaseError && converted instanceof Error) {
        Object.assign(converted.cause as object, { names: namesIn(error) })
      }
      throw converted
    }
  }
  return transaction
}

// A trigger may say what it likes in place of a name.
function namesIn({ table, column, constraint }: DatabaseError) {
  const nameOnly = (text: string | undefined) => (/^\w{1,63}$/.test(text ?? '') ? text : undefined)
  return { table: nameOnly(table), column: nameOnly(column), constraint: nameOnly(constraint) }
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
