import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { registerReadGauge, shareReading } from './metrics.ts'
import type { Sample } from './metrics.ts'

describe('a gauge that is read at each scrape', () => {
  function createGauge(labelNames: string[] = []) {
    const registry = new Registry()
    const shown: { samples: Sample[] } = { samples: [] }
    registerReadGauge(registry, {
      name: 'g',
      help: 'A gauge.',
      labelNames,
      read: () => shown.samples,
    })
    const lines = async () =>
      (await registry.metrics()).split('\n').filter((line) => line.startsWith('g'))
    return { shown, lines }
  }

  test('is absent before there is something to read, and again after', async () => {
    const { shown, lines } = createGauge()
    expect(await lines()).toEqual([])
    shown.samples = [{ value: 0 }]
    expect(await lines()).toEqual(['g 0'])
    shown.samples = []
    expect(await lines()).toEqual([])
  })

  test('no longer shows a label that is no longer read', async () => {
    const { shown, lines } = createGauge(['state'])
    shown.samples = ['a', 'b'].map((state) => ({ labels: { state }, value: 1 }))
    expect(await lines()).toEqual(['g{state="a"} 1', 'g{state="b"} 1'])
    shown.samples = [{ labels: { state: 'b' }, value: 2 }]
    expect(await lines()).toEqual(['g{state="b"} 2'])
  })
})

describe('a shared reading', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('serves all callers at once, and callers within 2 s', async () => {
    let readings = 0
    const read = shareReading(async () => ++readings)
    expect(await Promise.all([read(), read()])).toEqual([1, 1])
    vi.advanceTimersByTime(1_999)
    expect(await read()).toBe(1)
    vi.advanceTimersByTime(1)
    expect(await read()).toBe(2)
  })

  test('that fails is undefined, and is not tried again at once', async () => {
    const read = vi.fn(() => Promise.reject(new Error('refused')))
    const ask = shareReading(read)
    expect([await ask(), await ask()]).toEqual([undefined, undefined])
    expect(read).toHaveBeenCalledTimes(1)
  })

  test('that hangs is undefined after the timeout, and no second one begins', async () => {
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

  test('that is slow is used for longer', async () => {
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
})
