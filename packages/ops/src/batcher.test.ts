import { expect, test } from 'vitest'
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
  void createBatcher(flush, 10).add(1)
  expect(batches.map((batch) => batch.items)).toEqual([[1]])
})

test('items that arrive during a flush are flushed together after it, at most maxSize at a time', async () => {
  const { batches, flush } = createGate()
  const batcher = createBatcher(flush, 2)
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
  const batcher = createBatcher(flush, 10)
  const first = batcher.add(1)
  const second = batcher.add(2)
  batches[0]?.fail(new Error('refused'))
  await expect(first).rejects.toThrow('refused')
  batches[1]?.open()
  expect(await second).toBe(20)
})

test('stopping rejects waiting and later items, and the flush under way finishes', async () => {
  const { batches, flush } = createGate()
  const batcher = createBatcher(flush, 10)
  const first = batcher.add(1)
  const second = batcher.add(2)
  batcher.stop(new Error('stopped'))
  await expect(second).rejects.toThrow('stopped')
  await expect(batcher.add(3)).rejects.toThrow('stopped')
  batches[0]?.open()
  expect(await first).toBe(10)
})
