import { setTimeout as sleep } from 'node:timers/promises'
import type { RateLimiter, Rate } from '@clerk-sync/events/backend-api'
import { holdRequests, takeRequest } from './statements/api-rate-limit.ts'
import type { Database } from '@clerk-sync/db'
import { retryWhileUnavailable } from './retry-while-unavailable.ts'

const never = new AbortController().signal

/** A rate limit that all processes of the deployment keep together, in their database. */
export function createSharedRateLimiter(db: Database, { requests, perMs }: Rate): RateLimiter {
  const timing = { intervalMs: perMs / requests, burstMs: perMs / 10 }
  return {
    async take(signal = never) {
      for (;;) {
        signal.throwIfAborted()
        const waitMs = await retryWhileUnavailable({ signal }, () => takeRequest(db, timing))
        if (waitMs <= 0) return
        await sleep(waitMs, undefined, { signal })
      }
    },
    pause: (ms) => retryWhileUnavailable({ signal: never }, () => holdRequests(db, ms)),
  }
}
