import { expect, test } from 'vitest'
import { duration, renderColumns, wrap } from './text.ts'

test.each([
  [0, '0 s'],
  [-5_000, '0 s'],
  [12_000, '12 s'],
  [90_000, '90 s'],
  [150_000, '3 min'],
  [180_000, '3 min'],
  [9_000_000, '2.5 h'],
  [86_400_000, '24 h'],
  [259_200_000, '3 days'],
])('%i ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test('numbers stand to the right between a name and a remark', () => {
  const rows = [
    ['', 'new', 'failed', ''],
    ['users', '1,200', '0', 'stopped'],
  ]
  expect(renderColumns(rows)).toBe('         new  failed\nusers  1,200       0  stopped')
})

test('text is broken between words, and a long word stays whole', () => {
  expect(wrap('one two three-and-more four', 8)).toEqual(['one two', 'three-and-more', 'four'])
})
