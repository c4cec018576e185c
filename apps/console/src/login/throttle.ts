import { setTimeout as sleep } from 'node:timers/promises'

/** Lets calls through one after the other, with a pause before each. All callers share it. */
export interface Throttle {
  /** Resolves with true when its turn comes; with false at once when too many calls wait already. */
  wait(): Promise<boolean>
}

export function createThrottle(options: { pauseMs: number; mostWaiting: number }): Throttle {
  let last: Promise<void> = Promise.resolve()
  let waiting = 0
  return {
    async wait() {
      if (waiting >= options.mostWaiting) return false
      waiting += 1
      last = last.then(() => sleep(options.pauseMs, undefined, { ref: false }))
      await last
      waiting -= 1
      return true
    },
  }
}
