import {
  createRedisCluster,
  createRedisSentinel,
  createRedisServer,
  provideRedisProgram,
} from '@clerk-sync/testing'
import type { RedisServer } from '@clerk-sync/testing'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { inspectRedis, readRedisFacts } from '../src/index.ts'
import { buildEvent, openConsumer, openProducer, untilDone, untilEmpty } from './open-ends.ts'
import { locate } from './redis-forms.ts'

const buildEvents = (count: number) => Array.from({ length: count }, buildEvent)

async function replicationOf(server: RedisServer): Promise<{ role: string; offset: number }> {
  const client = new Redis(server.url)
  try {
    const info = await client.info('replication')
    const read = (field: string) => new RegExp(`^${field}:(\\S+)`, 'm').exec(info)?.[1] ?? ''
    const role = read('role')
    const offset = Number(read(role === 'slave' ? 'slave_repl_offset' : 'master_repl_offset'))
    return { role, offset }
  } finally {
    client.disconnect()
  }
}

test('with sentinels, what a replica has is done after the primary crashed under traffic', async () => {
  const redis = await createRedisSentinel()
  onTestFinished(redis.stop)
  const location = locate(redis.url)
  const { enqueue, opened } = openProducer(location)
  const replicated = buildEvents(300)
  await Promise.all(replicated.map((event) => enqueue(event)))
  const { offset } = await replicationOf(redis.primary)
  await vi.waitFor(async () => {
    expect((await replicationOf(redis.replica)).offset).toBeGreaterThanOrEqual(offset)
  }, 5_000)

  const runs = openConsumer(location, () => new Promise((resolve) => setTimeout(resolve, 5)))
  await vi.waitFor(() => expect(runs.done.length).toBeGreaterThan(20), 5_000)
  await redis.primary.kill()
  expect(runs.done.length).toBeLessThan(replicated.length)
  const meanwhile = buildEvents(20)
  await Promise.all(meanwhile.map((event) => enqueue(event, 20_000)))
  await untilDone(runs, [...replicated, ...meanwhile])
  await untilEmpty(opened)
  expect((await replicationOf(redis.replica)).role).toBe('master')

  // For some seconds it acts as a primary, until the sentinels demote it.
  await redis.primary.restart()
  expect(await inspectRedis(location.address)).toMatchObject({ isReplica: false })
  const after = buildEvents(5)
  await Promise.all(after.map((event) => enqueue(event)))
  await untilDone(runs, after)
  expect(runs.attempts).toEqual(new Set([1]))
})

test('a job that ends while its server takes no writes is finished later, without another run', async () => {
  const redis = await createRedisServer(await provideRedisProgram())
  onTestFinished(redis.stop)
  const admin = new Redis(redis.url)
  onTestFinished(() => admin.disconnect())
  const location = locate(redis.url)
  const { enqueue, opened } = openProducer(location)
  const held = Promise.withResolvers<void>()
  const runs = openConsumer(location, () => held.promise, { lockDurationMs: 30_000 })
  const event = buildEvent()
  await enqueue(event)
  await vi.waitFor(() => expect(runs.started).toHaveLength(1), 5_000)

  // Like a primary that sentinels demote.
  await admin.replicaof('127.0.0.1', 1)
  held.resolve()
  await vi.waitFor(
    () =>
      expect(runs.errors).toContainEqual(
        expect.objectContaining({ message: expect.stringMatching(/^READONLY/) }),
      ),
    5_000,
  )
  await admin.replicaof('NO', 'ONE')
  await untilEmpty(opened)
  expect(runs.started).toEqual([event.svixId])
})

test('a cluster reports that it is down while a node without keys of ours is unavailable, and goes on', async () => {
  const redis = await createRedisCluster()
  onTestFinished(redis.stop)
  const location = locate(redis.url)
  const { enqueue, opened } = openProducer(location)
  const runs = openConsumer(location)
  const before = buildEvents(5)
  await Promise.all(before.map((event) => enqueue(event)))
  await untilDone(runs, before)

  const { other } = await redis.nodesFor(location.prefix)
  await other.kill()
  await vi.waitFor(
    async () => expect(await readRedisFacts(opened)).toMatchObject({ isClusterDown: true }),
    { timeout: 10_000, interval: 50 },
  )
  const meanwhile = buildEvents(5)
  const taken = Promise.all(meanwhile.map((event) => enqueue(event, 20_000)))
  await other.restart()
  await taken
  await untilDone(runs, meanwhile)
  await untilEmpty(opened)
})
