import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage } from './error-message.ts'

/** How often and how long to try. Times are in milliseconds. */
export interface RetryOptions {
  /** The wait after the first failure; it doubles up to `longestDelayMs`. */
  readonly firstDelayMs: number
  /** Default: `firstDelayMs`, so that every wait is the same. */
  readonly longestDelayMs?: number
  /** The random share of each wait, from 0 to 1. Default: 0. */
  readonly jitter?: number
  /** No attempt begins later than this after the call. Default: no limit. */
  readonly timeoutMs?: number
  /** Default: no limit. */
  readonly maxAttempts?: number
  /** False means that the error is final. Default: every error is retried. */
  readonly isRetryable?: (error: unknown) => boolean
  /** Ends the wait and the attempts. */
  readonly signal?: AbortSignal | undefined
  /** Called before each wait. */
  readonly onRetry?: (retry: { error: unknown; inMs: number }) => void
}

/**
 * Runs something until it succeeds.
 *
 * @throws the last error, when it is final or no attempt is left. When `signal` is aborted: an
 * AbortError with the message of its reason, and with the last error as the cause.
 */
export async function retry<T>(run: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { firstDelayMs, longestDelayMs = firstDelayMs, jitter = 0, signal } = options
  const { timeoutMs = Infinity, maxAttempts = Infinity, isRetryable = () => true } = options
  const deadline = Date.now() + timeoutMs
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run()
    } catch (error) {
      if (signal?.aborted) throw abortError(signal, error)
      const delayMs = Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs)
      const inMs = delayMs * (1 - jitter * Math.random())
      const isLast = attempt >= maxAttempts || Date.now() + inMs > deadline
      if (isLast || !isRetryable(error)) throw error
      options.onRetry?.({ error, inMs })
      await sleep(inMs, undefined, signal ? { signal } : {}).catch(() => {
        throw abortError(signal, error)
      })
    }
  }
}

// What was aborted may throw the reason itself.
function abortError(signal: AbortSignal | undefined, cause: unknown): unknown {
  const reason: unknown = signal?.reason
  if (cause === reason) return reason
  const error = new Error(errorMessage(reason), { cause })
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' })
}
