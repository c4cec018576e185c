import { expect, test } from 'vitest'
import { backoffMs } from './consumer.ts'
import { attempts } from './producer.ts'

function totalMs(random: number): number {
  const delays = Array.from({ length: attempts - 1 }, (_, index) => backoffMs(index + 1, random))
  return delays.reduce((sum, delay) => sum + delay, 0)
}

test('retries go on for more than an hour even when every delay is the shortest', () => {
  expect(totalMs(0)).toBeGreaterThan(60 * 60_000)
})

test('retries end within two hours even when every delay is the longest', () => {
  expect(totalMs(1)).toBeLessThan(2 * 60 * 60_000)
})

test('a delay grows with the attempts, up to its cap', () => {
  expect([1, 2, 3, 4].map((made) => backoffMs(made, 0.5))).toEqual([1_000, 2_000, 4_000, 8_000])
  expect(backoffMs(30, 0.5)).toBe(600_000)
})
