import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLogLimit, createSilenceWatch } from './log-limit.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('of each key the first is due at once, later ones once in the time given, with how many were left out', () => {
  const next = createLogLimit(10_000)
  expect([next('a'), next('a'), next('b'), next('a')]).toEqual([0, undefined, 0, undefined])
  vi.advanceTimersByTime(10_000)
  expect([next('a'), next('b'), next('b')]).toEqual([2, 0, undefined])
})

test('a success is news when it is the first, after 10 minutes of silence, and after failures', () => {
  const watch = createSilenceWatch()
  const minutes = (count: number) => count * 60_000
  expect(watch.succeeded(minutes(0))).toBe('the first since the start')
  expect(watch.succeeded(minutes(9))).toBeUndefined()
  expect(watch.succeeded(minutes(19))).toBe('the first for 10 min')
  watch.failed()
  expect(watch.succeeded(minutes(19.5))).toBeUndefined()
  for (let n = 0; n < 3; n++) watch.failed()
  expect(watch.succeeded(minutes(22.5))).toBe('the first for 3 min, after 3 that failed')
  expect(watch.succeeded(minutes(25))).toBeUndefined()
})
