import { InvalidEventError } from '@clerk-sync/events'
import { errorMessage, explainPostgres, isUnavailableSqlState } from '@clerk-sync/ops'
import { DatabaseError } from 'pg'

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

// What has a cause that people can remove.
const causes: { readonly [sqlState: string]: string } = {
  '22P05': 'its encoding lacks a character: it must be UTF8',
  '3F000': 'the tables are missing: run clerk-sync migrate',
  '42P01': 'the tables are missing, or older than this release: run clerk-sync migrate',
  '42703': 'the tables are of another release: run clerk-sync migrate',
}

/**
 * The database refused a statement. The message has PostgreSQL's error code and the names of the
 * objects concerned, not its text: that may quote the values, and this is kept where people read it.
 */
export class DatabaseRefusedError extends Error {
  readonly code = 'ERR_DATABASE_REFUSED'
  override readonly name = 'DatabaseRefusedError'
  readonly sqlState: string

  constructor(sqlState: string, objects: string) {
    const why = causes[sqlState] ? `; ${causes[sqlState]}` : ''
    super(`the database refused the statement: SQLSTATE ${sqlState}${objects}${why}`)
    this.sqlState = sqlState
  }

  /**
   * The same write is refused at every try: a value that its type can't hold (class 22), or a limit
   * of PostgreSQL itself (class 54). What a constraint or a trigger refuses may pass later, and so may
   * what has a cause that people can remove.
   */
  get isFinal(): boolean {
    return /^(22|54)/.test(this.sqlState) && !(this.sqlState in causes)
  }
}

/** Whether no other attempt can apply the event: it is invalid, or PostgreSQL can't hold what it writes. */
export function isFinal(error: unknown): error is InvalidEventError | DatabaseRefusedError {
  if (error instanceof InvalidEventError) return true
  return error instanceof DatabaseRefusedError && error.isFinal
}

/** The error of a statement as one of ours; an error of the program itself comes back as it is. */
export function toDatabaseError(error: unknown, table?: string): unknown {
  if (error instanceof TypeError || error instanceof RangeError) return error
  if (!(error instanceof DatabaseError)) return new DatabaseUnavailableError(errorMessage(error))
  const sqlState = error.code ?? ''
  return isUnavailableSqlState(sqlState)
    ? new DatabaseUnavailableError(error.message, sqlState)
    : new DatabaseRefusedError(sqlState, objectsIn(error, table))
}

// What the driver says of a server that takes a connection and stays silent.
const isSilent = 'Connection terminated due to connection timeout'

/** Why no connection could be made. */
export function toConnectError(error: unknown): DatabaseUnavailableError {
  const sqlState = error instanceof DatabaseError ? error.code : undefined
  const message = errorMessage(error)
  return new DatabaseUnavailableError(
    message === isSilent ? 'no answer in time' : message,
    sqlState,
  )
}

function unavailableBecause(sqlState: string | undefined): string {
  if (sqlState === undefined) return "the database can't be reached"
  return sqlState.startsWith('40')
    ? 'another transaction was in the way'
    : "the database can't write now"
}

// A trigger may say what it likes in place of a name.
function objectsIn(error: DatabaseError, table: string | undefined): string {
  const named = { table: error.table ?? table, column: error.column, constraint: error.constraint }
  const objects = Object.entries(named).flatMap(([kind, name]) =>
    name !== undefined && /^\w{1,63}$/.test(name) ? [`${kind} ${name}`] : [],
  )
  return objects.length === 0 ? '' : ` (${objects.join(', ')})`
}
