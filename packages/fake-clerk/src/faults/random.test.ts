import { expect, test } from 'vitest'
import { createRandom } from './random.ts'

test('a seed decides the numbers, which are spread evenly from 0 to 1', () => {
  const draw = (seed: number) => Array.from({ length: 1000 }, createRandom(seed))
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
  const numbers = draw(7)
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  expect(mean).toBeCloseTo(0.5, 1)
})
