import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createRateLimiter } from './rate-limiter.ts'

// Vitest's fake timers leave out this module.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      setTimeout(resolve, ms, value)
      signal?.addEventListener('abort', () => reject(signal.reason as Error))
    }),
}))

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const rate = { requests: 100, perMs: 10_000 }

/** When so many that ask at once may go, in ms from now. */
async function takeTimes(
  rateLimiter: ReturnType<typeof createRateLimiter>,
  count: number,
): Promise<number[]> {
  const start = Date.now()
  const times: number[] = []
  const takes = Array.from({ length: count }, async () => {
    await rateLimiter.take()
    times.push(Date.now() - start)
  })
  await vi.runAllTimersAsync()
  await Promise.all(takes)
  return times
}

describe('a rate limit', () => {
  test('lets a tenth of the window go at once, then one after each interval', async () => {
    const times = await takeTimes(createRateLimiter(rate), 15)
    expect(times).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 200, 300, 400, 500])
  })

  test('saves up no more than that while nobody asks', async () => {
    const rateLimiter = createRateLimiter(rate)
    await takeTimes(rateLimiter, 30)
    vi.setSystemTime(Date.now() + 3_600_000)
    const times = await takeTimes(rateLimiter, 12)
    expect(times.filter((time) => time === 0)).toHaveLength(10)
  })

  test('stays below the limit in any window', async () => {
    const limit = 100
    const times = await takeTimes(createRateLimiter({ requests: 90, perMs: 10_000 }), 300)
    for (const from of times) {
      const inWindow = times.filter((time) => time >= from && time < from + 10_000)
      expect(inWindow.length).toBeLessThanOrEqual(limit)
    }
  })

  test('does not make one wait who asks seldom enough', async () => {
    const rateLimiter = createRateLimiter(rate)
    for (let turn = 0; turn < 30; turn += 1) {
      expect(await takeTimes(rateLimiter, 1)).toEqual([0])
      vi.setSystemTime(Date.now() + 100)
    }
  })
})

describe('a pause', () => {
  test('holds everybody up, and no burst follows it', async () => {
    const rateLimiter = createRateLimiter(rate)
    await rateLimiter.pause(7_000)
    expect(await takeTimes(rateLimiter, 3)).toEqual([7_100, 7_200, 7_300])
  })

  test('holds up those too who were waiting when it began', async () => {
    const rateLimiter = createRateLimiter(rate)
    const taken = takeTimes(rateLimiter, 12)
    await rateLimiter.pause(7_000)
    const times = await taken
    expect(times.filter((time) => time === 0)).toHaveLength(10)
    expect(times.slice(10).every((time) => time > 7_000)).toBe(true)
  })

  test('is not shortened by a shorter one', async () => {
    const rateLimiter = createRateLimiter(rate)
    await rateLimiter.pause(7_000)
    await rateLimiter.pause(1_000)
    expect(await takeTimes(rateLimiter, 1)).toEqual([7_100])
  })
})

test('an abort ends the wait at once', async () => {
  const rateLimiter = createRateLimiter(rate)
  await rateLimiter.pause(3_600_000)
  const controller = new AbortController()
  const ended = rateLimiter.take(controller.signal).catch((error: unknown) => error)
  controller.abort(new Error('enough'))
  expect(await ended).toMatchObject({ message: 'enough' })
})
