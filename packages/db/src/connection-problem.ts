/**
 * What each address of the host said, where the connection failed at several of them: that error
 * has no message of its own.
 */
export function connectionProblem(error: Error): string | undefined {
  if (!(error instanceof AggregateError)) return undefined
  const reasons = error.errors.map((one) => (one instanceof Error ? one.message : String(one)))
  return reasons.join(', ')
}
