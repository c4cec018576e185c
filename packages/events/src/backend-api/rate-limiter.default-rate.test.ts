import { expect, test } from 'vitest'
import { defaultRate } from './rate-limiter.ts'

test.for([
  ['sk_test_abc', 100],
  ['sk_live_abc', 1_000],
] as const)('the rate for %s stays a tenth below the limit of %i per 10 s', ([key, limit]) => {
  expect(defaultRate(key)).toEqual({ requests: limit * 0.9, perMs: 10_000 })
})
