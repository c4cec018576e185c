/** Gives each delivery its turn. */
export interface Turns {
  /** Resolves when the work on a delivery may begin, in the order of the calls. */
  next(): Promise<void>
  /** Whether the line is so long, and its first has waited so long, that nobody else should join it. */
  isLate(): boolean
}

// A few deliveries.
const sliceMs = 2
const lateMs = 1_000
// A short line waits that long only while the whole process stands still for a moment.
const longLine = 50

/**
 * Bounds the work in one turn of the event loop. Node accepts one connection in each turn: where the
 * turns of a busy process were long, new senders would wait for many seconds before they could be
 * refused.
 */
export function createTurns(): Turns {
  const line: { since: number; begin: () => void }[] = []
  let isPlanned = false

  function planTurn(): void {
    if (isPlanned || line.length === 0) return
    isPlanned = true
    setImmediate(() => void useTurn())
  }

  async function useTurn(): Promise<void> {
    const endsAt = performance.now() + sliceMs
    do {
      line.shift()?.begin()
      // It begins meanwhile.
      await Promise.resolve()
    } while (line.length > 0 && performance.now() < endsAt)
    isPlanned = false
    planTurn()
  }

  return {
    next: () =>
      new Promise((begin) => {
        line.push({ since: performance.now(), begin })
        planTurn()
      }),
    isLate() {
      const [first] = line
      if (first === undefined || line.length < longLine) return false
      return performance.now() - first.since > lateMs
    },
  }
}
