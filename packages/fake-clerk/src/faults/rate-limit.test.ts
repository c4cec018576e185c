import { expect, test } from 'vitest'
import { createRateLimiter } from './rate-limit.ts'

test('each endpoint has a window of its own, begun by its first call', () => {
  let now = 0
  const isTooMuch = createRateLimiter({ requests: 2, windowMs: 10_000 }, () => now)
  expect([isTooMuch('users'), isTooMuch('users')]).toEqual([undefined, undefined])
  now = 3500
  expect(isTooMuch('users')).toBe(7)
  expect(isTooMuch('organizations')).toBeUndefined()
  now = 10_000
  expect(isTooMuch('users')).toBeUndefined()
})

test('the seconds to wait can be given', () => {
  const limit = { requests: 0, windowMs: 50, retryAfterSeconds: 0 }
  expect(createRateLimiter(limit)('users')).toBe(0)
})
