import { describe, expect, test, vi } from 'vitest'
import { createBatcher } from './batcher.ts'

function createGate() {
  const batches: { items: number[]; open(): void; fail(error: Error): void }[] = []
  const flush = (items: number[]) =>
    new Promise<number[]>((resolve, reject) => {
      batches.push({ items, open: () => resolve(items.map((item) => item * 10)), fail: reject })
    })
  return { batches, flush }
}

test('an item is flushed at once when no flush is under way', () => {
  const { batches, flush } = createGate()
  void createBatcher(flush, { maxSize: 10 }).add(1)
  expect(batches.map((batch) => batch.items)).toEqual([[1]])
})

test('items that arrive during a flush are flushed together after it, at most maxSize at a time', async () => {
  const { batches, flush } = createGate()
  const batcher = createBatcher(flush, { maxSize: 2 })
  const results = [1, 2, 3, 4].map((item) => batcher.add(item))
  for (let index = 0; index < 3; index++) {
    batches[index]?.open()
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
  }
  expect(await Promise.all(results)).toEqual([10, 20, 30, 40])
  expect(batches.map((batch) => batch.items)).toEqual([[1], [2, 3], [4]])
})

test('a flush that fails rejects its own items, and the next batch is flushed', async () => {
  const { batches, flush } = createGate()
  const batcher = createBatcher(flush, { maxSize: 10 })
  const first = batcher.add(1)
  const second = batcher.add(2)
  batches[0]?.fail(new Error('refused'))
  await expect(first).rejects.toThrow('refused')
  batches[1]?.open()
  expect(await second).toBe(20)
})

test('stopping rejects waiting and later items, and the flush under way finishes', async () => {
  const { batches, flush } = createGate()
  const batcher = createBatcher(flush, { maxSize: 10 })
  const first = batcher.add(1)
  const second = batcher.add(2)
  batcher.stop(new Error('stopped'))
  await expect(second).rejects.toThrow('stopped')
  await expect(batcher.add(3)).rejects.toThrow('stopped')
  batches[0]?.open()
  expect(await first).toBe(10)
})

describe('with keys', () => {
  const keyOf = (item: number) => `${item % 10}`

  test('a full batch is flushed beside the one under way, a third one is not', () => {
    const { batches, flush } = createGate()
    const batcher = createBatcher(flush, { maxSize: 2, keyOf })
    for (const item of [1, 2, 3, 4, 5, 6]) void batcher.add(item)
    expect(batches.map((batch) => batch.items)).toEqual([[1], [2, 3]])
  })

  test('a batch that is not full waits', () => {
    const { batches, flush } = createGate()
    const batcher = createBatcher(flush, { maxSize: 3, keyOf })
    for (const item of [1, 2, 3]) void batcher.add(item)
    expect(batches.map((batch) => batch.items)).toEqual([[1]])
  })

  test('a batch waits for the one that has an item of the same key', async () => {
    const { batches, flush } = createGate()
    const batcher = createBatcher(flush, { maxSize: 2, keyOf })
    const first = batcher.add(1)
    const later = [2, 11].map((item) => batcher.add(item))
    expect(batches.map((batch) => batch.items)).toEqual([[1]])
    batches[0]?.open()
    await first
    await vi.waitFor(() => expect(batches).toHaveLength(2))
    batches[1]?.open()
    expect(await Promise.all(later)).toEqual([20, 110])
  })

  test('the keys of both batches under way count', async () => {
    const { batches, flush } = createGate()
    const batcher = createBatcher(flush, { maxSize: 2, keyOf })
    const first = batcher.add(1)
    for (const item of [2, 3, 12, 13]) void batcher.add(item)
    batches[0]?.open()
    await first
    await new Promise((resolve) => setImmediate(resolve))
    expect(batches.map((batch) => batch.items)).toEqual([[1], [2, 3]])
  })
})
