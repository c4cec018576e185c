/** For how long a reading serves, and for how long who asks waits for it. Milliseconds. */
interface Patience {
  readonly keepMs?: number
  readonly timeoutMs?: number
}

// A slow reading serves longer, so that all readings together take a twentieth of the time at most.
const restPerWork = 20

/**
 * One reading for all who ask within `keepMs`, 2 s unless told. Resolves with undefined when the
 * reading fails or is not there after `timeoutMs`, 3 s unless told; one that hangs is not begun anew.
 */
export function shareReading<T>(
  read: () => Promise<T>,
  { keepMs = 2_000, timeoutMs = 3_000 }: Patience = {},
): () => Promise<T | undefined> {
  let reading: Promise<T | undefined> | undefined
  let staleAt = Infinity

  async function begin(): Promise<T | undefined> {
    const startedAt = performance.now()
    let restMs = keepMs
    try {
      const result = await read()
      restMs = Math.max(keepMs, (performance.now() - startedAt) * restPerWork)
      return result
    } catch {
      return undefined
    } finally {
      staleAt = performance.now() + restMs
    }
  }

  return async () => {
    if (!reading || performance.now() >= staleAt) {
      staleAt = Infinity
      reading = begin()
    }
    const timeout = Promise.withResolvers<undefined>()
    const timer = setTimeout(timeout.resolve, timeoutMs, undefined)
    try {
      return await Promise.race([reading, timeout.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}
