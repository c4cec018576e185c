/**
 * The result of `work`, unless it takes longer than `timeoutMs` milliseconds. A late result or error
 * is ignored.
 *
 * @throws `late`, or an Error with that message, after the timeout; the error of `work` before.
 */
export async function withTimeout<T>(
  work: Promise<T>,
  timeoutMs: number,
  late: string | Error,
): Promise<T> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => timeout.reject(typeof late === 'string' ? new Error(late) : late),
    timeoutMs,
  )
  work.catch(() => undefined)
  try {
    return await Promise.race([work, timeout.promise])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The result of `work`, or undefined when it takes longer than `timeoutMs` milliseconds. The wait
 * alone does not keep the process alive.
 *
 * @throws the error of `work` before the timeout.
 */
export async function waitAtMost<T>(work: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  const timeout = Promise.withResolvers<undefined>()
  const timer = setTimeout(timeout.resolve, timeoutMs, undefined).unref()
  work.catch(() => undefined)
  try {
    return await Promise.race([work, timeout.promise])
  } finally {
    clearTimeout(timer)
  }
}
