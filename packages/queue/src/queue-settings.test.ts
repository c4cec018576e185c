import { readConfig } from '@clerk-sync/ops'
import { expect, test } from 'vitest'
import { redisUrl } from './queue-settings.ts'

test.each([
  ['localhost:6379', 'must be a redis:// or rediss:// URL (docs/redis.md has all forms)'],
  [
    'postgresql://localhost/app',
    'must be a redis:// or rediss:// URL (docs/redis.md has all forms)',
  ],
  [
    'redis://a:1,redis://b:2/3',
    'names a database, but a Redis Cluster has only database 0: leave it out',
  ],
])('%s is reported with the reason and an example', (text, reason) => {
  expect(() => readConfig({ REDIS_URL: redisUrl }, { REDIS_URL: text })).toThrow(
    `REDIS_URL ${reason}. Example: REDIS_URL=redis://localhost:6379`,
  )
})

test.each(['s3cret', 's3cret://user:s3cret@host', '{"s3cret":1}', 's3cret,'])(
  'never shows the value: %s',
  (text) => {
    expect(() => readConfig({ REDIS_URL: redisUrl }, { REDIS_URL: text })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('s3cret') as string }),
    )
  },
)

test.each([
  'redis://localhost',
  'rediss://:password@cache.internal:6380/2',
  'redis://a:6379,b:6379',
  'redis+sentinel://a,b/mymaster',
])('%s is a Redis', (url) => {
  expect(readConfig({ REDIS_URL: redisUrl }, { REDIS_URL: url }).REDIS_URL).toBe(url)
})
