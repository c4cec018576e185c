// Lost connection, no access, too little memory or disk, shutdown, start-up, read-only server, a
// session that was ended for its length, and locks that are held for long. Not 57014: a statement may be cancelled through its own fault.
const unavailableStates = /^(08|28|40|53|57P|58)|^(25006|25P03|25P04|3D000|55P03)$/
const networkCodes =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST\w+|ENET\w+|EADDRNOTAVAIL)$/
// Errors of node-postgres that have no code.
const lostConnection =
  /^(Connection terminated|timeout e|Query read timeout|Client has encountered)/

/**
 * Whether an SQLSTATE means that PostgreSQL can't work now, so that the same statement may succeed
 * later: classes 08, 28, 40, 53, 57P and 58, and a few single states.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isUnavailableSqlState(sqlState: string): boolean {
  return unavailableStates.test(sqlState)
}

/** Whether a code is the operating system's for a failed connection, such as ECONNREFUSED. */
export function isNetworkErrorCode(code: string): boolean {
  return networkCodes.test(code)
}

/** Whether an error of node-postgres means that PostgreSQL can't be reached or can't work now. */
export function isPostgresOutage(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : ''
  return (
    isUnavailableSqlState(code) || isNetworkErrorCode(code) || lostConnection.test(error.message)
  )
}
