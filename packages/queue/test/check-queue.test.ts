import { createRedisServer, createTestDatabase, provideRedisProgram } from '@clerk-sync/testing'
import type { RedisServer } from '@clerk-sync/testing'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { checkQueue, locateQueue, migrateQueue, openQueue, readRedisFacts } from '../src/index.ts'
import type { OpenQueue, QueueLocation } from '../src/index.ts'
import { buildEvent, openProducer } from './open-ends.ts'
import { locate } from './redis-forms.ts'

/** The problem that checkQueue reports; undefined when the queue takes jobs. */
async function problemOf(opened: OpenQueue): Promise<string | undefined> {
  return await checkQueue(opened).then(
    () => undefined,
    (error: Error) => error.message,
  )
}

async function openReady(location: QueueLocation): Promise<OpenQueue> {
  const opened = openQueue(location, { onError: () => undefined })
  onTestFinished(() => opened.close())
  await vi.waitFor(async () => expect(await problemOf(opened)).toBeUndefined(), 10_000)
  return opened
}

describe('a queue on Redis', () => {
  let server: RedisServer
  let admin: Redis
  beforeAll(async () => {
    server = await createRedisServer(await provideRedisProgram())
    admin = new Redis(server.url)
  })
  afterAll(async () => {
    admin.disconnect()
    await server.stop()
  })

  async function configure(settings: Record<string, string>): Promise<void> {
    for (const [name, value] of Object.entries(settings)) await admin.config('SET', name, value)
  }

  test('takes jobs when it is set up for them, and the check stores nothing', async () => {
    await openReady(locate(server.url))
    expect(await admin.dbsize()).toBe(0)
  })

  test('is not connected in its first moments, which is no outage yet', async () => {
    const opened = openQueue(locate(server.url), { onError: () => undefined })
    onTestFinished(() => opened.close())
    const problems = new Set<string>()
    for (;;) {
      const problem = await problemOf(opened)
      if (problem === undefined) break
      problems.add(problem)
      await new Promise(setImmediate)
    }
    expect([...problems]).toEqual(['not connected to Redis yet; if it lasts, the log says why'])
  })

  test('takes none while Redis is full, and takes them again once it has room', async () => {
    const { opened, enqueue } = openProducer(locate(server.url))
    await enqueue(buildEvent())
    expect(await problemOf(opened)).toBeUndefined()
    await configure({ maxmemory: '1mb' })
    expect(await problemOf(opened)).toMatch(
      /^Redis is full \(\d+(\.\d)? MB of 1\.0 MB\) and takes no jobs: raise maxmemory$/,
    )
    await expect(enqueue(buildEvent(), 300)).rejects.toThrow('the queue did not take the event')
    await configure({ maxmemory: '0' })
    expect(await problemOf(opened)).toBeUndefined()
  })

  test('takes none when Redis may drop keys', async () => {
    const opened = await openReady(locate(server.url))
    await configure({ 'maxmemory-policy': 'volatile-lru' })
    expect(await problemOf(opened)).toBe(
      'Redis drops keys when it runs full (maxmemory-policy is volatile-lru): set maxmemory-policy to noeviction',
    )
    await configure({ 'maxmemory-policy': 'noeviction' })
    expect(await problemOf(opened)).toBeUndefined()
  })

  test('takes none when Redis is a replica', async () => {
    const opened = await openReady(locate(server.url))
    await admin.replicaof('127.0.0.1', 1)
    // A client may open a new connection when it learns of the replica.
    await vi.waitFor(async () =>
      expect(await problemOf(opened)).toBe(
        'Redis is a replica and takes no jobs: set REDIS_URL to the primary',
      ),
    )
    await admin.replicaof('NO', 'ONE')
    await vi.waitFor(async () => expect(await problemOf(opened)).toBeUndefined(), 5_000)
  })

  test('takes jobs when its user may run neither INFO nor SETRANGE', async () => {
    await admin.call('ACL', 'SETUSER', 'few', 'on', '>pw', '~*', '+@all', '-info', '-setrange')
    const url = server.url.replace('//', '//few:pw@')
    const opened = await openReady(locate(url))
    await expect(readRedisFacts(opened)).rejects.toThrow('NOPERM')
  })

  test('takes none while it is unavailable, and says so in one line', async () => {
    const location = locate('redis://127.0.0.1:1')
    const opened = openQueue(location, { onError: () => undefined })
    onTestFinished(() => opened.close())
    const problem = "Redis can't be reached with REDIS_URL; the log says why"
    await vi.waitFor(async () => expect(await problemOf(opened)).toBe(problem), 5_000)
  })
})

describe('a queue on PostgreSQL', () => {
  test('takes jobs once its tables are there, unless the database is read only', async () => {
    const database = await createTestDatabase(inject('databaseUrl'))
    onTestFinished(() => database.drop())
    const location = locateQueue({ redisUrl: undefined, databaseUrl: database.url })
    const opened = openQueue(location, { onError: () => undefined })
    onTestFinished(() => opened.close())
    await vi.waitFor(async () =>
      expect(await problemOf(opened)).toBe(
        "the queue's tables are missing or old: run clerk-sync migrate",
      ),
    )
    await migrateQueue(location)
    await vi.waitFor(async () => expect(await problemOf(opened)).toBeUndefined(), 5_000)

    const client = new Client({ connectionString: database.url })
    await client.connect()
    onTestFinished(() => client.end())
    const name = new URL(database.url).pathname.slice(1)
    await client.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`)
    const later = openQueue(location, { onError: () => undefined })
    onTestFinished(() => later.close())
    await vi.waitFor(async () =>
      expect(await problemOf(later)).toMatch(/^PostgreSQL takes no writes: set DATABASE_URL to/),
    )

    await client.query(`BEGIN READ WRITE; ALTER DATABASE "${name}" RESET ALL; COMMIT`)
    await vi.waitFor(async () => expect(await problemOf(later)).toBeUndefined(), 5_000)
  })
})
