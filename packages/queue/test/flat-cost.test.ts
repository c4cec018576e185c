import { createRedisServer, provideRedisProgram } from '@clerk-sync/testing'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { checkQueue } from '../src/index.ts'
import { parseRedisUrl } from '../src/redis-address.ts'
import { buildEvent, openProducer } from './open-ends.ts'

// These commands read a whole list: with 100,000 waiting events they blocked Redis for 26 ms.
const walks = /cmdstat_(lrange|lpos|lrem|linsert|keys|smembers|hgetall):/g

test('what a delivery and a readiness check cost does not grow with the queue', async () => {
  const server = await createRedisServer(await provideRedisProgram())
  onTestFinished(() => server.stop())
  const address = parseRedisUrl(server.url)
  const { enqueue, opened } = openProducer({ kind: 'redis', address, prefix: '{flat}' })
  const [first = expect.fail(), ...others] = Array.from({ length: 20 }, buildEvent)
  for (const event of [first, ...others]) await enqueue(event)

  const client = new Redis(server.url)
  onTestFinished(() => client.disconnect())
  await client.config('RESETSTAT')
  await enqueue(buildEvent())
  await enqueue(first)
  await checkQueue(opened)
  const stats = await client.info('commandstats')
  expect(stats).toContain('cmdstat_zmscore')
  expect(stats.match(walks)).toBeNull()
})
