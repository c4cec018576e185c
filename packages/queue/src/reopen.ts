import { setTimeout as sleep } from 'node:timers/promises'

const pauseBeforeReopeningMs = 1_000

/** Something of BullMQ's with a connection of its own. */
export interface Opened {
  /** Rejects when the first connection fails. */
  readonly ready: Promise<unknown>
  readonly close: () => Promise<void>
}

export interface Reopened<T extends Opened> {
  /** The one to use now: ask for it at each use. */
  readonly current: T
  readonly close: () => Promise<void>
}

/**
 * Opens it, and opens it anew until its first connection works: BullMQ's PostgreSQL backend
 * remembers one that failed, for ever.
 */
export function openUntilReady<T extends Opened>(
  open: () => T,
  onError: (error: Error) => void,
): Reopened<T> {
  const closing = new AbortController()
  let current = openOne()

  function openOne(): T {
    const opened = open()
    opened.ready.catch((error: Error) => reopen(opened, error))
    return opened
  }

  async function reopen(failed: T, error: Error): Promise<void> {
    if (closing.signal.aborted) return
    onError(error)
    await sleep(pauseBeforeReopeningMs, undefined, { signal: closing.signal }).catch(
      () => undefined,
    )
    if (closing.signal.aborted) return
    current = openOne()
    await failed.close().catch(onError)
  }

  return {
    get current() {
      return current
    },
    async close() {
      closing.abort()
      await current.close()
    },
  }
}
