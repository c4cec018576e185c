/** Collects items while a flush is under way and flushes them together afterwards. */
export interface Batcher<T, R> {
  /** Resolves with the item's own result. Rejects when the flush of its batch fails. */
  add(item: T): Promise<R>
  /** Rejects waiting and later items with this error. A flush under way goes on. */
  stop(error: Error): void
}

interface Waiting<T, R> {
  item: T
  resolve: (result: R) => void
  reject: (error: unknown) => void
}

export interface BatcherOptions<T> {
  readonly maxSize: number
  /**
   * Where it is given, a full batch is flushed beside the one under way, unless the two have an item of
   * the same key.
   */
  readonly keyOf?: (item: T) => string
}

/**
 * Creates a batcher. An item that finds no flush under way is flushed at once, alone: latency stays
 * low under little load, and batches grow with the load. `flush` gets at most `maxSize` items and
 * returns one result per item, in their order.
 */
export function createBatcher<T, R>(
  flush: (items: T[]) => Promise<R[]>,
  { maxSize, keyOf }: BatcherOptions<T>,
): Batcher<T, R> {
  const waiting: Waiting<T, R>[] = []
  let underWay = 0
  let keysUnderWay = new Set<string>()
  let stopped: Error | undefined

  function flushWaiting(): void {
    while (waiting.length > 0 && (underWay === 0 || isSecondDue())) {
      const batch = waiting.splice(0, maxSize)
      if (keyOf) keysUnderWay = new Set(batch.map(({ item }) => keyOf(item)))
      underWay += 1
      void flushOne(batch)
    }
  }

  function isSecondDue(): boolean {
    if (!keyOf || underWay > 1 || waiting.length < maxSize) return false
    return !waiting.slice(0, maxSize).some(({ item }) => keysUnderWay.has(keyOf(item)))
  }

  async function flushOne(batch: Waiting<T, R>[]): Promise<void> {
    try {
      const results = await flush(batch.map(({ item }) => item))
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as R)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
    underWay -= 1
    flushWaiting()
  }

  return {
    add(item) {
      if (stopped) return Promise.reject(stopped)
      const { promise, resolve, reject } = Promise.withResolvers<R>()
      waiting.push({ item, resolve, reject })
      flushWaiting()
      return promise
    },
    stop(error) {
      stopped = error
      for (const { reject } of waiting.splice(0)) reject(error)
    },
  }
}
