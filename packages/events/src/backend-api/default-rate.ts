import type { Rate } from './rate-limiter.ts'

// Below the limits of Clerk, 1,000 requests per 10 s in production and 100 in development: others
// with the same key must get through as well.
const share = 0.9

/** The rate limit for a secret key of this kind. */
export function defaultRate(secretKey: string): Rate {
  const limit = secretKey.startsWith('sk_test_') ? 100 : 1_000
  return { requests: limit * share, perMs: 10_000 }
}
