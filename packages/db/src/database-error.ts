import {
  errorMessage,
  explainPostgres,
  isNetworkErrorCode,
  isUnavailableSqlState,
} from '@clerk-sync/ops'
import { DatabaseError } from 'pg'
import { Prisma } from './generated/client.ts'

/** The database can't work now: no event's fault, and the same write will succeed later. */
export class DatabaseUnavailableError extends Error {
  readonly code = 'ERR_DATABASE_UNAVAILABLE'
  override readonly name = 'DatabaseUnavailableError'
  /** What PostgreSQL or the network said. */
  readonly reason: string
  /** The reason with its cause and what to do, where that is known. */
  readonly explanation: string
  /** PostgreSQL's error code, where it answered. */
  readonly sqlState: string | undefined

  /**
   * Another transaction was in the way (40001, 40P01): the database works, and the same write
   * succeeds at the next try.
   */
  get isConflict(): boolean {
    return this.sqlState?.startsWith('40') === true
  }

  constructor(reason: string, sqlState?: string) {
    const advice = explainPostgres(reason, sqlState)
    const explanation = advice ? `${reason}; ${advice.cause}: ${advice.cure}` : reason
    super(`${unavailableBecause(sqlState)}: ${explanation}`)
    this.reason = reason
    this.explanation = explanation
    this.sqlState = sqlState
  }
}

const untranslatable = '22P05'

/**
 * The database refused a write. The message has PostgreSQL's error code and the names of the
 * objects concerned, not its text: that may quote the values, and this is kept where people read it.
 */
export class DatabaseRefusedError extends Error {
  readonly code = 'ERR_DATABASE_REFUSED'
  override readonly name = 'DatabaseRefusedError'
  readonly sqlState: string

  constructor(sqlState: string, objects: string) {
    const why =
      sqlState === untranslatable ? '; its encoding lacks a character: it must be UTF8' : ''
    super(`the database refused the write: SQLSTATE ${sqlState}${objects}${why}`)
    this.sqlState = sqlState
  }

  /**
   * The same write is refused at every try: a value that its type can't hold (class 22), or a limit
   * of PostgreSQL itself (class 54). What a constraint or a trigger refuses may pass later.
   */
  get isFinal(): boolean {
    return /^(22|54)/.test(this.sqlState)
  }
}

/** What an error is about, as far as PostgreSQL says it. */
interface ErrorNames {
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly constraint?: string | undefined
}

interface DriverCause {
  readonly originalCode?: string
  readonly originalMessage?: string
  names?: ErrorNames
}

// P1xxx: connection. P2024, P2028, P2037: no connection in time, transaction lost, too many.
const unavailableCodes = /^(P1\d{3}|P2024|P2028|P2037)$/
const lostConnection =
  /connection|connect |timeout|socket|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN/i
/** The error as one of ours where the database is its cause; anything else comes back as it is. */
export function toDatabaseError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const unavailable = connectErrorIn(error)
  if (unavailable) return unavailable
  const cause = driverCause(error)
  const sqlState = cause?.originalCode
  if (sqlState !== undefined && !isUnavailableSqlState(sqlState)) {
    return new DatabaseRefusedError(sqlState, objectsIn(cause?.names))
  }
  if (sqlState === undefined && !isConnectionError(error, cause)) return error
  return new DatabaseUnavailableError(driverReason(error, cause), sqlState)
}

/** Why node-postgres could make no connection. Prisma puts an error of its own in its place, with its `meta`. */
export function toConnectError(error: unknown): DatabaseUnavailableError {
  const sqlState = error instanceof DatabaseError ? error.code : undefined
  const unavailable = new DatabaseUnavailableError(errorMessage(error), sqlState)
  return Object.assign(unavailable, { meta: { unavailable } })
}

function connectErrorIn(error: Error): DatabaseUnavailableError | undefined {
  if (error instanceof DatabaseUnavailableError) return error
  const isWrapped = error instanceof Prisma.PrismaClientKnownRequestError
  const unavailable = isWrapped ? error.meta?.['unavailable'] : undefined
  return unavailable instanceof DatabaseUnavailableError ? unavailable : undefined
}

function unavailableBecause(sqlState: string | undefined): string {
  if (sqlState === undefined) return "the database can't be reached"
  return sqlState.startsWith('40')
    ? 'another transaction was in the way'
    : "the database can't write now"
}

/** The result of a statement that writes to one table, which its error names if PostgreSQL doesn't. */
export async function writingTo<T>(table: string, written: Promise<T>): Promise<T> {
  try {
    return await written
  } catch (error) {
    const cause = error instanceof Error ? driverCause(error) : undefined
    if (cause) cause.names = { ...cause.names, table: cause.names?.table ?? table }
    throw error
  }
}

/** What PostgreSQL answered to the statement, where it answered. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof Error ? driverCause(error)?.originalCode : undefined
}

function isConnectionError(error: Error, cause: DriverCause | undefined): boolean {
  // The driver has an SQLSTATE for everything that the server itself said.
  if (cause || networkCodeOf(error)) return true
  return error instanceof Prisma.PrismaClientKnownRequestError
    ? unavailableCodes.test(error.code)
    : error instanceof Prisma.PrismaClientInitializationError ||
        error instanceof Prisma.PrismaClientUnknownRequestError ||
        lostConnection.test(error.message)
}

// Prisma passes an error on whose message is empty: of a host every address of which refused the
// connection (localhost has two).
function networkCodeOf(error: Error): string | undefined {
  const code = 'code' in error ? String(error.code) : ''
  return isNetworkErrorCode(code) ? code : undefined
}

function driverCause(error: Error): DriverCause | undefined {
  const meta = error instanceof Prisma.PrismaClientKnownRequestError ? error.meta : undefined
  return (meta?.['driverAdapterError'] as { cause?: DriverCause } | undefined)?.cause
}

function objectsIn(names: ErrorNames = {}): string {
  const objects = (['table', 'column', 'constraint'] as const)
    .filter((kind) => names[kind])
    .map((kind) => `${kind} ${names[kind]}`)
  return objects.length === 0 ? '' : ` (${objects.join(', ')})`
}

function driverReason(error: Error, cause: DriverCause | undefined): string {
  if (cause?.originalMessage) return cause.originalMessage
  if (error instanceof AggregateError) return errorMessage(error)
  const isWrapped = error instanceof Prisma.PrismaClientKnownRequestError
  if (isWrapped && networkCodeOf(error)) return error.code
  const lastLine = error.message.trim().split('\n').at(-1) ?? error.name
  // Prisma wraps what happened: Raw query failed. Code: `N/A`. Message: `…`
  return /Message: `(.+)`$/.exec(lastLine)?.[1] ?? lastLine
}
