/**
 * Bounds how often something is logged: of each key the first time at once, and then at most once in
 * `everyMs` milliseconds. It returns how many were left out since the last line, and undefined when now no
 * line is due. Whoever calls bounds the number of keys.
 */
export function createLogLimit(everyMs: number): (key: string) => number | undefined {
  const lines = new Map<string, { nextAt: number; leftOut: number }>()
  return (key) => {
    const now = Date.now()
    const last = lines.get(key)
    if (last && now < last.nextAt) {
      last.leftOut += 1
      return undefined
    }
    lines.set(key, { nextAt: now + everyMs, leftOut: 0 })
    return last?.leftOut ?? 0
  }
}

const silenceMs = 10 * 60_000
// Where one fails now and then among many that do not, the others are no news.
const silenceAfterFailureMs = 60_000

/** Finds the successes that are news. Times are milliseconds. */
export interface SilenceWatch {
  failed(): void
  /** What is new about a success, to follow a comma; undefined for all but a few. */
  succeeded(now: number): string | undefined
}

/** The first success is news, also the first after 10 minutes without one, or after failures and one minute. */
export function createSilenceWatch(): SilenceWatch {
  let lastAt: number | undefined
  let failures = 0
  return {
    failed() {
      failures += 1
    },
    succeeded(now) {
      const since = lastAt === undefined ? undefined : now - lastAt
      const before = failures
      lastAt = now
      failures = 0
      if (since === undefined) return 'the first since the start'
      if (since < (before === 0 ? silenceMs : silenceAfterFailureMs)) return undefined
      const minutes = Math.floor(since / 60_000)
      return `the first for ${minutes} min${before === 0 ? '' : `, after ${before} that failed`}`
    },
  }
}
