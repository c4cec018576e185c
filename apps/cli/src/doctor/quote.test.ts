import { expect, test } from 'vitest'
import { createQuote } from './quote.ts'

test.each([
  'redis://:s3cret@localhost',
  'rediss://me:s3cret@a:6379,b:6379',
  'redis://a:6379,redis://me:s3cret@b:6379',
  'redis+sentinel://me:s3cret@a,b/mymaster',
  'redis+sentinel://a,b/mymaster?sentinelUsername=me&sentinelPassword=s3cret',
])('hides the password of %s', (url) => {
  expect(createQuote({ REDIS_URL: url })('refused: s3cret')).toBe('refused: ***')
})
