// Lost connections, no access, too little memory or disk, shutdown, start-up, a server that is read
// only, and locks that others hold for long. 57014 is a statement that was cancelled, which may be the
// statement's own fault.
const unavailableStates = /^(08|28|40|53|57P|58)|^(25006|3D000|55P03)$/
const networkCodes =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST\w+|ENET\w+|EADDRNOTAVAIL)$/
// What node-postgres says without a code.
const lostConnection =
  /^(Connection terminated|timeout e|Query read timeout|Client has encountered)/

/**
 * Whether an SQLSTATE says that PostgreSQL can't work now, so that the same statement may succeed
 * later: classes 08, 28, 40, 53, 57P and 58, and a few single states.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isUnavailableSqlState(sqlState: string): boolean {
  return unavailableStates.test(sqlState)
}

/** Whether a code is one of the operating system's for a connection that failed, such as ECONNREFUSED. */
export function isNetworkErrorCode(code: string): boolean {
  return networkCodes.test(code)
}

/** Whether an error of node-postgres says that PostgreSQL can't be reached or can't work now. */
export function isPostgresOutage(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : ''
  return (
    isUnavailableSqlState(code) || isNetworkErrorCode(code) || lostConnection.test(error.message)
  )
}
