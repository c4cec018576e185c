/** Clerk's own limits are 1000 requests in 10 s for production, 100 for development. */
export interface RateLimit {
  requests: number
  windowMs: number
  /** What Retry-After says, in seconds; by default the rest of the window, rounded up. */
  retryAfterSeconds?: number
}

/** Counts a call of an endpoint and returns the seconds to wait if it is one too many. */
export type RateLimiter = (endpoint: string) => number | undefined

/** Creates a limiter with a window of its own for each endpoint, begun by the first call in it. */
export function createRateLimiter(
  { requests, windowMs, retryAfterSeconds }: RateLimit,
  now: () => number = () => performance.now(),
): RateLimiter {
  const windows = new Map<string, { endsAt: number; count: number }>()
  return (endpoint) => {
    const time = now()
    const open = windows.get(endpoint)
    const window = open && open.endsAt > time ? open : { endsAt: time + windowMs, count: 0 }
    windows.set(endpoint, window)
    window.count += 1
    if (window.count <= requests) return undefined
    return retryAfterSeconds ?? Math.ceil((window.endsAt - time) / 1000)
  }
}
