/**
 * Why something failed, in words. A connection that every address of a host refused (localhost has
 * two) comes as an AggregateError without a message.
 */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map(errorMessage).join(', ')
  }
  return 'code' in error ? String(error.code) : error.name
}
