import { expect, test } from 'vitest'
import { parseMaxDeletes } from './max-deletes.ts'

test.each([
  ['0', { rows: 0 }],
  ['50', { rows: 50 }],
  ['0%', { percent: 0 }],
  ['2.5%', { percent: 2.5 }],
  ['100%', { percent: 100 }],
  ['101%', undefined],
  ['2.5', undefined],
  ['-1', undefined],
  ['', undefined],
  ['%', undefined],
  ['all', undefined],
])('%j is %j', (text, expected) => {
  expect(parseMaxDeletes(text)).toEqual(expected)
})
