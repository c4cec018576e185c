import { setTimeout as sleep } from 'node:timers/promises'

/** Who asks for leave before each request, so that all together stay below Clerk's limit. */
export interface RateLimiter {
  /** Resolves when the next request may go out. */
  take(signal?: AbortSignal): Promise<void>
  /** Nobody sends anything for so long: Clerk said so. */
  pause(ms: number): Promise<void>
}

export interface Rate {
  readonly requests: number
  readonly perMs: number
}

/** A rate limit of this process alone. Unused requests of the last tenth of the window may go out at once. */
export function createRateLimiter({ requests, perMs }: Rate): RateLimiter {
  const intervalMs = perMs / requests
  const burstMs = perMs / 10
  let nextAt = 0
  let pausedUntil = 0
  return {
    async take(signal) {
      // A pause that began while this one waited puts it behind the others.
      do {
        nextAt = Math.max(nextAt, pausedUntil, Date.now() - burstMs) + intervalMs
        const waitMs = nextAt - Date.now()
        if (waitMs > 0) await sleep(waitMs, undefined, signal ? { signal } : {})
      } while (Date.now() < pausedUntil)
    },
    async pause(ms) {
      pausedUntil = Math.max(pausedUntil, Date.now() + ms)
    },
  }
}

// Below the limits of Clerk, 1,000 requests per 10 s in production and 100 in development: others
// with the same key must get through as well.
const share = 0.9

/** The rate limit for a secret key of this kind. */
export function defaultRate(secretKey: string): Rate {
  const limit = secretKey.startsWith('sk_test_') ? 100 : 1_000
  return { requests: limit * share, perMs: 10_000 }
}
