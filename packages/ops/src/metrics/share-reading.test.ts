import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { shareReading } from './share-reading.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('one reading serves all who ask at once, and who asks within 2 s', async () => {
  let readings = 0
  const read = shareReading(async () => ++readings)
  expect(await Promise.all([read(), read()])).toEqual([1, 1])
  vi.advanceTimersByTime(1_999)
  expect(await read()).toBe(1)
  vi.advanceTimersByTime(1)
  expect(await read()).toBe(2)
})

test('a reading that fails is nothing, and is not tried again at once', async () => {
  const read = vi.fn(() => Promise.reject(new Error('away')))
  const ask = shareReading(read)
  expect([await ask(), await ask()]).toEqual([undefined, undefined])
  expect(read).toHaveBeenCalledTimes(1)
})

test('a reading that hangs holds nobody up for long, and is not begun a second time', async () => {
  const gate = Promise.withResolvers<number>()
  const read = vi.fn(() => gate.promise)
  const ask = shareReading(read, { timeoutMs: 100 })
  for (const _ of [1, 2]) {
    const answer = ask()
    vi.advanceTimersByTime(100)
    expect(await answer).toBeUndefined()
  }
  gate.resolve(7)
  expect(await ask()).toBe(7)
  expect(read).toHaveBeenCalledTimes(1)
})

test('a slow reading serves longer', async () => {
  let readings = 0
  const read = shareReading(async () => {
    vi.advanceTimersByTime(500)
    return ++readings
  })
  expect(await read()).toBe(1)
  vi.advanceTimersByTime(9_999)
  expect(await read()).toBe(1)
  vi.advanceTimersByTime(1)
  expect(await read()).toBe(2)
})
