/** Tells the time of the next change in ms. */
export type Clock = () => number

/**
 * Creates the clock of a world. Without `now` it follows the real time and never tells the same ms
 * twice, so that every change has its own `updated_at`; with `now` ties are the caller's choice.
 */
export function createClock(now?: Clock): Clock {
  if (now) return now
  let last = 0
  return () => {
    last = Math.max(Date.now(), last + 1)
    return last
  }
}
