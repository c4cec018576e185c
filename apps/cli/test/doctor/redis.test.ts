import {
  CannotApplyError,
  createConsumer,
  inspectRedis,
  locateQueue,
  openQueue,
  parseRedisUrl,
} from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { provideRedis } from '@clerk-sync/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { callRedis, changed, createSettings, examine } from './scene.ts'

describe('Redis', () => {
  let redis: Awaited<ReturnType<typeof provideRedis>>
  beforeAll(async () => {
    // One of its own, also where the tests share one: its settings are changed.
    vi.stubEnv('REDIS_URL', '')
    redis = await provideRedis()
    vi.unstubAllEnvs()
  })
  afterAll(() => redis.stop())

  async function setFor(test_: () => Promise<void>, settings: Record<string, [string, string]>) {
    const names = Object.keys(settings)
    for (const name of names)
      await callRedis(redis.url, `CONFIG SET ${name} ${settings[name]?.[0]}`)
    try {
      await test_()
    } finally {
      for (const name of names) {
        await callRedis(redis.url, `CONFIG SET ${name} ${settings[name]?.[1]}`)
      }
    }
  }

  test('a Redis that is set up for a queue is ok, and is not changed', async () => {
    const { resultOf } = await examine({ REDIS_URL: redis.url })
    expect(resultOf('queue')).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/^Redis \d[\d.]+ answers$/),
    })
    expect(resultOf('Redis eviction')).toMatchObject({ status: 'ok', found: 'noeviction' })
    expect(resultOf('Redis memory')).toMatchObject({
      found: expect.stringContaining('without a limit'),
    })
    expect(resultOf('Redis persistence')).toMatchObject({ found: 'append-only file' })
    expect(resultOf('failed events')).toMatchObject({ status: 'ok', found: 'none' })
    expect(resultOf('waiting events')).toMatchObject({ status: 'ok', found: 'none' })
    expect(await callRedis(redis.url, 'DBSIZE')).toBe(':0\r\n')
  })

  test('eviction, missing persistence and little memory are reported', async () => {
    const { usedBytes } = await inspectRedis(parseRedisUrl(redis.url))
    const limit = String(Math.round(usedBytes * 1.1))
    await setFor(
      async () => {
        const { resultOf, text } = await examine({ REDIS_URL: redis.url })
        expect(resultOf('Redis eviction')).toMatchObject({
          status: 'problem',
          found: 'maxmemory-policy is volatile-ttl',
          cure: expect.stringContaining('set maxmemory-policy to noeviction'),
        })
        expect(resultOf('Redis persistence')).toMatchObject({
          status: 'warning',
          found: 'no append-only file',
          cure: expect.stringContaining('appendonly'),
        })
        expect(resultOf('Redis memory')).toMatchObject({
          status: 'warning',
          found: expect.stringMatching(/^(8|9|1\d)\d % of [\d.]+ MB in use$/),
        })
        expect(text).toMatch(
          / {9}cause {2}a full Redis deletes events .*\n {9}cure {3}set maxmemory-policy/,
        )
      },
      {
        'maxmemory-policy': ['volatile-ttl', 'noeviction'],
        appendonly: ['no', 'yes'],
        maxmemory: [limit, '0'],
      },
    )
  })

  test.each<[what: string, change: (url: URL) => void, found: RegExp, cause: RegExp]>([
    [
      'a wrong login',
      (url) => {
        url.username = 'nobody'
        url.password = 'not-the-password'
      },
      /^WRONGPASS/,
      /refuses the user or the password in REDIS_URL/,
    ],
    ['a server that is not there', (url) => (url.port = '1'), /ECONNREFUSED/, /host and port/],
    ['a database that is not there', (url) => (url.pathname = '/99'), /DB index/, /no database/],
  ])('%s is explained, and what needs it is skipped', async (_, change, found, cause) => {
    const { resultOf } = await examine({ REDIS_URL: changed(redis.url, change) })
    expect(resultOf('queue')).toMatchObject({
      status: 'problem',
      found: expect.stringMatching(found),
      cause: expect.stringMatching(cause),
    })
    expect(resultOf('Redis eviction')).toMatchObject({
      status: 'skipped',
      cause: 'it needs "queue"',
    })
    expect(resultOf('failed events')).toMatchObject({ status: 'skipped' })
  })

  test.each(['redis', 'postgres'] as const)(
    'events that failed, wait for long or wait paused are told, on %s',
    async (kind) => {
      const env = await createSettings()
      if (kind === 'redis') env['REDIS_URL'] = changed(redis.url, (url) => (url.pathname = '/3'))
      const queue = await openTestQueue(env)
      await queue.add('user.created', {}, { timestamp: Date.now() - 600_000 })
      await queue.add('user.created', {}, { delay: 3_600_000 })
      const waiting = await examine(env)
      expect(waiting.resultOf('waiting events')).toMatchObject({
        status: 'warning',
        found: '1, the oldest for 10 min, 1 between two attempts',
        cure: expect.stringContaining('start a worker'),
      })
      expect(waiting.resultOf('failed events')).toMatchObject({ status: 'ok', found: 'none' })

      await queue.pause()
      const paused = await examine(env)
      expect(paused.resultOf('waiting events')).toMatchObject({
        status: 'warning',
        found: expect.stringContaining('the queue is paused'),
        cure: expect.stringContaining('resume it on the board'),
      })
      await queue.resume()
    },
  )

  test('a job that failed for good is a warning that points to the board', async () => {
    const env = { REDIS_URL: changed(redis.url, (url) => (url.pathname = '/4')) }
    const failed = Promise.withResolvers<void>()
    const consumer = createConsumer(
      locateQueue({ redisUrl: env.REDIS_URL, databaseUrl: undefined }),
      {
        concurrency: 1,
        process: () => Promise.reject(new CannotApplyError('never')),
        onFailed: () => failed.resolve(),
        onStalled: () => undefined,
        onError: () => undefined,
      },
    )
    onTestFinished(() => consumer.close())
    await (await openTestQueue(env)).add('user.created', {})
    await failed.promise
    const { resultOf } = await examine(env)
    expect(resultOf('failed events')).toMatchObject({
      status: 'warning',
      found: '1',
      cure: expect.stringContaining('board'),
    })
  })
})

async function openTestQueue(env: Record<string, string>): Promise<ReturnType<typeof bullQueueOf>> {
  const location = locateQueue({ redisUrl: env['REDIS_URL'], databaseUrl: env['DATABASE_URL'] })
  const opened = openQueue(location, { onError: () => undefined })
  onTestFinished(() => opened.close())
  // It fails fast until it is connected.
  await vi.waitFor(() => bullQueueOf(opened).getJobCounts('waiting'), 10_000)
  return bullQueueOf(opened)
}
