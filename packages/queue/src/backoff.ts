const firstDelayMs = 1_000
const longestDelayMs = 10 * 60_000
const jitter = 0.25

/** Attempts before an event goes to the failed set: at the least an hour and a few minutes of retries. */
export const attempts = 18

/**
 * Milliseconds to wait after the `attemptsMade`th failed attempt: doubling from a second to ten
 * minutes, a quarter more or less, so that events that failed together don't come back together.
 */
export function backoffMs(attemptsMade: number, random = Math.random()): number {
  const delay = Math.min(firstDelayMs * 2 ** (attemptsMade - 1), longestDelayMs)
  return Math.round(delay * (1 - jitter + 2 * jitter * random))
}
