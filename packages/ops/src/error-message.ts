/**
 * The reason for an error, in words. When every address of a host refuses a connection (localhost has
 * two), Node.js throws an AggregateError without a message: its reasons are joined.
 */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map(errorMessage).join(', ')
  }
  return 'code' in error ? String(error.code) : error.name
}

/**
 * What a log shows of an error: its type, message and code, and those of its causes. Nothing else of
 * it, since a driver's error also holds the parameters of the statement.
 */
export function describeError(error: unknown): object {
  const message = errorMessage(error)
  if (!(error instanceof Error)) return { message }
  const code = 'code' in error ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) }
  return { type: error.name, message, ...code, ...cause }
}
