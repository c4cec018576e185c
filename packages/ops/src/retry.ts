import { setTimeout as sleep } from 'node:timers/promises'

/** How often and for how long something is tried. Times are milliseconds. */
export interface RetryOptions {
  /** The wait after the first failure; it doubles up to `longestDelayMs`. */
  readonly firstDelayMs: number
  /** Default: `firstDelayMs`, so that every wait is the same. */
  readonly longestDelayMs?: number
  /** The share of each wait that is left to chance, from 0, the default, to 1. */
  readonly jitter?: number
  /** No try begins later than this after the call. Default: no limit. */
  readonly timeoutMs?: number
  /** Default: no limit. */
  readonly maxAttempts?: number
  /** False: the error is final. Default: every error is tried again. */
  readonly isRetryable?: (error: unknown) => boolean
  /** Ends the wait and the tries. */
  readonly signal?: AbortSignal | undefined
  /** Called before each wait. */
  readonly onRetry?: (retry: { error: unknown; inMs: number }) => void
}

/**
 * Runs something until it succeeds.
 *
 * @throws the last error when it is final or nothing may be tried any more; the reason of `signal`
 * when that is aborted.
 */
export async function retry<T>(run: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { firstDelayMs, longestDelayMs = firstDelayMs, jitter = 0, signal } = options
  const { timeoutMs = Infinity, maxAttempts = Infinity, isRetryable = () => true } = options
  const deadline = Date.now() + timeoutMs
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run()
    } catch (error) {
      signal?.throwIfAborted()
      const delayMs = Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs)
      const inMs = delayMs * (1 - jitter * Math.random())
      const isLast = attempt >= maxAttempts || Date.now() + inMs > deadline
      if (isLast || !isRetryable(error)) throw error
      options.onRetry?.({ error, inMs })
      await sleep(inMs, undefined, signal ? { signal } : {})
    }
  }
}
