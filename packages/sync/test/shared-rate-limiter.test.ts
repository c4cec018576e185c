import { expect, test } from 'vitest'
import { createSharedRateLimiter } from '../src/index.ts'
import { createScene } from './scene.ts'

test('several processes keep one rate together', async () => {
  const scene = await createScene()
  const rate = { requests: 100, perMs: 2_000 }
  const rateLimiters = Array.from({ length: 4 }, () =>
    createSharedRateLimiter(scene.openDatabase(), rate),
  )
  const startedAt = performance.now()
  let taken = 0
  await Promise.all(
    rateLimiters.map(async (rateLimiter) => {
      for (let turn = 0; turn < 15; turn += 1) {
        await rateLimiter.take()
        taken += 1
        // 50 per second, and what a tenth of the window allows at once.
        const allowed = 2 + ((performance.now() - startedAt) / 2_000) * 100 + 10
        expect(taken).toBeLessThanOrEqual(allowed)
      }
    }),
  )
  expect(performance.now() - startedAt).toBeGreaterThan(900)
})

test('a pause that one was told holds all, also those who wait already', async () => {
  const scene = await createScene()
  const rate = { requests: 10, perMs: 2_000 }
  const rateLimiters = Array.from({ length: 3 }, () =>
    createSharedRateLimiter(scene.openDatabase(), rate),
  )
  const [first] = rateLimiters
  for (let turn = 0; turn < 2; turn += 1) await first?.take()
  const waiting = rateLimiters.map(async (rateLimiter) => {
    await rateLimiter.take()
    return performance.now()
  })
  const pausedAt = performance.now()
  await first?.pause(1_500)
  const heldSince = performance.now()
  const times = await Promise.all(waiting)
  // Leave that was given before the pause was told may be heard of a little later.
  const during = times.filter((time) => time > heldSince + 500 && time < pausedAt + 1_500)
  expect(during).toEqual([])
  expect(times.some((time) => time >= pausedAt + 1_500)).toBe(true)
})

test('waiting ends when it is aborted', async () => {
  const scene = await createScene()
  const rateLimiter = createSharedRateLimiter(scene.openDatabase(), { requests: 1, perMs: 60_000 })
  await rateLimiter.pause(60_000)
  const stopping = new AbortController()
  const waiting = rateLimiter.take(stopping.signal)
  stopping.abort()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
})

test('a backfill and a reconcile at once are together no faster than the rate, and both end right', async () => {
  const scene = await createScene({ generatedUsers: 1_600 })
  const rateLimiter = () =>
    createSharedRateLimiter(scene.openDatabase(), { requests: 40, perMs: 2_000 })
  const another = () => ({
    db: scene.openDatabase(),
    api: scene.openApi({ rateLimiter: rateLimiter() }),
  })
  await Promise.all([scene.backfill(another()), scene.reconcile(another())])
  const times = scene.fake.requests.map(({ at }) => at)
  for (const [index, at] of times.entries()) {
    const within = times.filter((time) => time >= at && time < at + 1_000)
    expect(within.length, `from request ${index}`).toBeLessThanOrEqual(20 + 4 + 4)
  }
  const [count] = await scene.query('SELECT count(*)::int AS count FROM clerk.users')
  expect(count).toEqual({ count: 1_600 })
})
