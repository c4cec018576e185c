/** Collects items while a flush is under way and flushes them together when it ends. */
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

/**
 * Creates a batcher. An item that finds no flush under way is flushed at once, alone: latency stays
 * low under little load, and batches grow with the load. `flush` gets at most `maxSize` items and
 * returns one result per item, in their order.
 */
export function createBatcher<T, R>(
  flush: (items: T[]) => Promise<R[]>,
  maxSize: number,
): Batcher<T, R> {
  const waiting: Waiting<T, R>[] = []
  let flushing = false
  let stopped: Error | undefined

  async function flushAll(): Promise<void> {
    flushing = true
    while (waiting.length > 0) await flushNext(waiting.splice(0, maxSize))
    flushing = false
  }

  async function flushNext(batch: Waiting<T, R>[]): Promise<void> {
    try {
      const results = await flush(batch.map(({ item }) => item))
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as R)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    add(item) {
      if (stopped) return Promise.reject(stopped)
      const { promise, resolve, reject } = Promise.withResolvers<R>()
      waiting.push({ item, resolve, reject })
      if (!flushing) void flushAll()
      return promise
    },
    stop(error) {
      stopped = error
      for (const { reject } of waiting.splice(0)) reject(error)
    },
  }
}
