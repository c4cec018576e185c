import { setTimeout as sleep } from 'node:timers/promises'

/** Lets calls through one after the other, with a pause before each, whoever makes them. */
export interface Brake {
  /** Resolves after its turn; with false at once when too many wait already. */
  wait(): Promise<boolean>
}

export function createBrake(options: { pauseMs: number; mostWaiting: number }): Brake {
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
