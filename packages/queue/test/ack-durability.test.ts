import {
  createFaultProxy,
  createFsyncPostgres,
  createRedisServer,
  hasWaitAof,
  provideRedisProgram,
  provideWaitAofProgram,
} from '@clerk-sync/testing'
import type { RedisServer } from '@clerk-sync/testing'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  checkAckDurability,
  checkQueue,
  locateQueue,
  migrateQueue,
  QueueUnavailableError,
  refuseWithoutFsync,
} from '../src/index.ts'
import { bullQueueOf } from '../src/bullmq.ts'
import { buildEvent, openProducer } from './open-ends.ts'
import { locate } from './redis-forms.ts'

const append = ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction']

async function waitingIn({ opened }: ReturnType<typeof openProducer>) {
  return (await bullQueueOf(opened).getJobCounts('waiting'))['waiting']
}

// Many systems have an older Redis. Where no newer one can be had, the reason is printed.
const withWaitAof = await provideWaitAofProgram().catch(({ message }: Error) => {
  process.stdout.write(`WAITAOF is not tested: ${message}\n`)
})

describe.skipIf(!withWaitAof)('on a Redis with WAITAOF', () => {
  let server: RedisServer
  let admin: Redis
  beforeAll(async () => {
    server = await createRedisServer(withWaitAof ?? expect.fail(), { settings: append })
    admin = new Redis(server.url)
  })
  afterAll(async () => {
    admin.disconnect()
    await server.stop()
  })
  beforeEach(async () => {
    await admin.config('SET', 'appendonly', 'yes')
    await admin.config('SET', 'appendfsync', 'everysec')
    await admin.config('RESETSTAT')
  })

  async function countWaits(): Promise<number> {
    const stats = await admin.info('commandstats')
    return Number(/cmdstat_waitaof:calls=(\d+)/.exec(stats)?.[1] ?? 0)
  }

  async function openDurable(url = server.url) {
    const producer = openProducer(locate(url), 'fsync')
    await vi.waitFor(() => checkQueue(producer.opened), 10_000)
    return producer
  }

  test('an event is taken only once it is on the disk', async () => {
    const producer = await openDurable()
    await producer.enqueue(buildEvent())
    // With this setting Redis leaves the writing to the disk to the operating system.
    await admin.config('SET', 'appendfsync', 'no')
    const event = buildEvent()
    const refused = producer.enqueue(event)
    await expect(refused).rejects.toThrow(QueueUnavailableError)
    await expect(refused).rejects.toThrow(
      'Redis did not have the event on its disk in time; its appendfsync must be always or everysec',
    )
    await admin.config('SET', 'appendfsync', 'always')
    await producer.enqueue(event)
    expect(await waitingIn(producer)).toBe(2)
  })

  test.each(['everysec', 'always'])(
    'with appendfsync %s events that come together share their waits',
    async (setting) => {
      const producer = await openDurable()
      await admin.config('SET', 'appendfsync', setting)
      const events = Array.from({ length: 300 }, buildEvent)
      await Promise.all(events.map((event) => producer.enqueue(event)))
      expect(await countWaits()).toBeLessThan(60)
      expect(await waitingIn(producer)).toBe(300)
    },
  )

  test('an event whose connection is lost during the wait is not taken for one on the disk', async () => {
    const proxy = await createFaultProxy({ host: '127.0.0.1', port: server.port })
    onTestFinished(() => proxy.close())
    const producer = await openDurable(`redis://127.0.0.1:${proxy.port}`)
    await admin.config('SET', 'appendfsync', 'no')
    await admin.config('RESETSTAT')
    const event = buildEvent()
    const result = producer.enqueue(event).catch((error: unknown) => error)
    await vi.waitFor(async () => expect(await countBlocked()).toBe(1), {
      timeout: 10_000,
      interval: 20,
    })
    await proxy.cut()
    await proxy.heal()
    expect(await result).toBeInstanceOf(QueueUnavailableError)
    await admin.config('SET', 'appendfsync', 'always')
    await producer.enqueue(event)
    expect(await waitingIn(producer)).toBe(1)
  })

  async function countBlocked(): Promise<number> {
    return Number(/blocked_clients:(\d+)/.exec(await admin.info('clients'))?.[1])
  }

  test('one that writes no file is refused, with the setting to change', async () => {
    const producer = await openDurable()
    await checkAckDurability(producer.opened)
    await admin.config('SET', 'appendonly', 'no')
    const problem = 'ACK_DURABILITY=fsync needs a Redis that writes to its disk: set appendonly yes'
    await expect(checkAckDurability(producer.opened)).rejects.toThrow(problem)
    await expect(refuseWithoutFsync(producer.opened)).rejects.toThrow(problem)
    await expect(producer.enqueue(buildEvent())).rejects.toThrow(problem)
  })
})

describe('on a Redis without WAITAOF', () => {
  let server: RedisServer
  let admin: Redis
  beforeAll(async () => {
    const program = await provideRedisProgram()
    const without = (await hasWaitAof(program)) ? ['--rename-command', 'WAITAOF', ''] : []
    server = await createRedisServer(program, { settings: [...append, ...without] })
    admin = new Redis(server.url)
  })
  afterAll(async () => {
    admin.disconnect()
    await server.stop()
  })

  test('an event is refused until appendfsync is always, which does the same', async () => {
    const producer = openProducer(locate(server.url), 'fsync')
    await vi.waitFor(() => checkQueue(producer.opened), 10_000)
    for (const refused of [
      refuseWithoutFsync(producer.opened),
      checkAckDurability(producer.opened),
      producer.enqueue(buildEvent()),
    ]) {
      await expect(refused).rejects.toThrow(
        /^ACK_DURABILITY=fsync needs Redis 7\.2 or newer, or Valkey, .* set appendfsync always$/,
      )
    }
    await admin.config('SET', 'appendfsync', 'always')
    await refuseWithoutFsync(producer.opened)
    await checkAckDurability(producer.opened)
    await producer.enqueue(buildEvent())
    await admin.config('SET', 'appendonly', 'no')
    await expect(producer.enqueue(buildEvent())).rejects.toThrow('set appendonly yes')
  })
})

test('with the queue on PostgreSQL an event is refused while a commit is not on the disk', async () => {
  const server = await createFsyncPostgres()
  onTestFinished(() => server.stop())
  const location = locateQueue({ redisUrl: undefined, databaseUrl: server.url })
  await migrateQueue(location)
  const client = new Client({ connectionString: server.url })
  await client.connect()
  onTestFinished(() => client.end())

  async function tryBoth() {
    const { enqueue, opened } = openProducer(location, 'fsync')
    await refuseWithoutFsync(opened).catch(() => undefined)
    return await Promise.all(
      [checkAckDurability(opened), enqueue(buildEvent())].map((done) =>
        done.then(
          () => 'taken',
          (error: Error) => error.message,
        ),
      ),
    )
  }

  // PostgreSQL reads its settings a moment later.
  async function setAndExpect(setting: string, expected: string) {
    await client.query(setting)
    await client.query('SELECT pg_reload_conf()')
    await vi.waitFor(async () => expect(await tryBoth()).toEqual([expected, expected]), 10_000)
  }

  const needs = 'ACK_DURABILITY=fsync needs PostgreSQL to commit to its disk: set'
  await setAndExpect('SELECT 1', 'taken')
  await setAndExpect(
    'ALTER SYSTEM SET synchronous_commit = off',
    `${needs} synchronous_commit to on`,
  )
  await setAndExpect('ALTER SYSTEM SET synchronous_commit = local', 'taken')
  await setAndExpect('ALTER SYSTEM SET fsync = off', `${needs} fsync to on`)
  await setAndExpect('ALTER SYSTEM RESET ALL', 'taken')
}, 90_000)

test('while the server is unavailable nothing is refused at the start', async () => {
  const { opened } = openProducer(locate('redis://127.0.0.1:1'), 'fsync')
  await refuseWithoutFsync(opened)
  await expect(checkAckDurability(opened)).rejects.toThrow(/\S/)
})
