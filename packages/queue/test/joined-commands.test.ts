import { createRedisServer, provideRedisProgram } from '@clerk-sync/testing'
import { Redis } from 'ioredis'
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { parseRedisUrl } from '../src/redis-address.ts'
import { countLostConnections, createRedisConnection } from '../src/redis-connection.ts'
import { buildEvent, openConsumer, openProducer, untilDone, untilEmpty } from './open-ends.ts'
import { locate } from './redis-forms.ts'

/** A client of ours with a script under the name of one of BullMQ's. */
function defineScript(url: string, lua: string) {
  const { client, disconnect } = createRedisConnection(parseRedisUrl(url), {
    waits: true,
    commandTimeoutMs: undefined,
    connectTimeoutMs: 5_000,
    silenceTimeoutMs: 20_000,
  })
  onTestFinished(disconnect)
  client.defineCommand('moveToFinished:test', { lua, numberOfKeys: 2 })
  const scripts = client as unknown as {
    'moveToFinished:test': (args: unknown[]) => Promise<unknown>
  }
  return { client, run: (...args: unknown[]) => scripts['moveToFinished:test'](args) }
}

const settled = async (replies: Iterable<Promise<unknown>>) =>
  (await Promise.allSettled(replies)).map((reply) =>
    reply.status === 'fulfilled' ? reply.value : `error: ${(reply.reason as Error).message}`,
  )

describe('calls of one script in one turn', () => {
  test('each has the reply that it has alone, also an error', async () => {
    const { client, run } = defineScript(
      inject('redisUrl'),
      `if ARGV[1] == 'nothing' then return end
       if ARGV[1] == 'number' then return 42 end
       if ARGV[1] == 'list' then return { KEYS[1], { ARGV[1], false, 'last' } } end
       if ARGV[1] == 'status' then return redis.status_reply('FINE') end
       if ARGV[1] == 'refusal' then return redis.error_reply('REFUSED by the script') end
       if ARGV[1] == 'fault' then error('a fault of the script') end
       return redis.call('INCR', KEYS[2])`,
    )
    const list = `{joined}:${buildEvent().svixId}`
    await client.lpush(list, 'x')
    const calls = [
      'nothing',
      'number',
      'list',
      'status',
      'refusal',
      'wrong type',
      'fault',
      'number',
    ]
    const call = (name: string) => run('{joined}:key', list, name)
    const alone: unknown[] = []
    for (const name of calls) alone.push(...(await settled([call(name)])))
    const together = await settled(calls.map(call))

    expect(together.slice(0, 4)).toEqual([
      null,
      42,
      ['{joined}:key', ['list', null, 'last']],
      'FINE',
    ])
    expect(together.slice(0, 5)).toEqual(alone.slice(0, 5))
    expect(together[5]).toMatch(/^error: WRONGTYPE /)
    // Redis 6 says before it that the script failed.
    expect(alone[5]).toMatch(/WRONGTYPE /)
    expect(together[6]).toMatch(/a fault of the script/)
    expect(together[7]).toBe(42)
  })

  test('each has its own keys and arguments, with bytes as they are', async () => {
    const { client, run } = defineScript(
      inject('redisUrl'),
      `redis.call('SET', KEYS[2], ARGV[2])
       return { KEYS[1], KEYS[2], ARGV[1], ARGV[3], #ARGV }`,
    )
    const key = `{joined}:${buildEvent().svixId}`
    const bytes = (index: number) => Buffer.from([0, 255, 10, 13, index])
    const amount = 60
    const replies = await Promise.all(
      Array.from({ length: amount }, (_, index) =>
        run('{joined}:same', `${key}:${index}`, 'same', bytes(index), index, undefined),
      ),
    )
    expect(replies).toEqual(
      replies.map((_, index) => ['{joined}:same', `${key}:${index}`, 'same', `${index}`, 4]),
    )
    for (let index = 0; index < amount; index += 1) {
      expect(await client.getBuffer(`${key}:${index}`)).toEqual(bytes(index))
    }
  })
})

test('in a pipeline a script stays one of its commands', async () => {
  const { client } = defineScript(inject('redisUrl'), `return redis.call('INCR', KEYS[2])`)
  const key = `{joined}:${buildEvent().svixId}`
  const pipeline = client.pipeline()
  const scripts = pipeline as unknown as { 'moveToFinished:test': (args: unknown[]) => unknown }
  scripts['moveToFinished:test'](['{joined}:key', key])
  pipeline.get(key)
  expect(await pipeline.exec()).toEqual([
    [null, 1],
    [null, '1'],
  ])
})

test('a replica that refuses the calls of one turn is left for the primary', async () => {
  const server = await createRedisServer(await provideRedisProgram())
  onTestFinished(() => server.stop())
  const admin = new Redis(server.url)
  onTestFinished(() => admin.disconnect())
  const { client, run } = defineScript(server.url, `return redis.call('INCR', KEYS[2])`)
  await run('{joined}:key', '{joined}:count')
  // Like a primary that sentinels demote.
  await admin.replicaof('127.0.0.1', 1)
  const calls = () => settled([1, 2, 3].map(() => run('{joined}:key', '{joined}:count')))
  expect(await calls()).toEqual([1, 2, 3].map(() => expect.stringMatching(/READONLY /)))
  await vi.waitFor(() => expect(countLostConnections(client)).toBe(1), 5_000)
  await admin.replicaof('NO', 'ONE')
  expect(await calls()).toEqual([2, 3, 4])
})

test('60 events of one turn are enqueued by 3 scripts, and finished by a few', async () => {
  const server = await createRedisServer(await provideRedisProgram())
  onTestFinished(() => server.stop())
  const location = locate(server.url)
  const { enqueue, opened } = openProducer(location)
  const client = new Redis(server.url)
  onTestFinished(() => client.disconnect())
  const scripts = async () => {
    const stats = await client.info('commandstats')
    const calls = [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)]
    return calls.reduce((sum, [, count]) => sum + Number(count), 0)
  }
  await enqueue(buildEvent())
  await client.config('RESETSTAT')
  const events = Array.from({ length: 60 }, buildEvent)
  expect(await Promise.all(events.map((event) => enqueue(event)))).toEqual(
    events.map(() => 'added'),
  )
  expect(await scripts()).toBe(3)

  const twice = [...events.slice(0, 2), buildEvent()]
  expect(await Promise.all(twice.map((event) => enqueue(event)))).toEqual([
    'waiting',
    'waiting',
    'added',
  ])
  const fresh = buildEvent()
  expect(await Promise.all([enqueue(fresh), enqueue(fresh)])).toEqual(['added', 'waiting'])

  // Fetched one by one, and then held until all are there.
  const open = Promise.withResolvers<undefined>()
  const all = events.length + 3
  let started = 0
  let before = Promise.resolve(0)
  const runs = openConsumer(
    location,
    async () => {
      started += 1
      if (started === all) {
        before = scripts()
        open.resolve(await before.then(() => undefined))
      }
      await open.promise
    },
    { concurrency: 100 },
  )
  await untilDone(runs, events)
  await untilEmpty(opened)
  expect((await scripts()) - (await before)).toBeLessThan(all / 2)
})
