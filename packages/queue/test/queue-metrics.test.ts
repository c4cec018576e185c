import { createFaultProxy, createTestDatabase } from '@clerk-sync/testing'
import { Gauge, Registry } from 'prom-client'
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import {
  CannotApplyError,
  locateQueue,
  migrateQueue,
  registerQueueMetrics,
  rerunJob,
} from '../src/index.ts'
import type { OpenQueue, QueueLocation } from '../src/index.ts'
import { watchOldestWaiting } from '../src/queue-depth.ts'
import { buildEvent, openConsumer, openProducer } from './open-ends.ts'
import { locate } from './redis-forms.ts'
import { bullQueueOf } from '../src/bullmq.ts'

const places: [name: string, locateOne: () => Promise<QueueLocation>][] = [
  ['Redis', async () => locate(inject('redisUrl'))],
  [
    'PostgreSQL',
    async () => {
      const database = await createTestDatabase(inject('databaseUrl'))
      onTestFinished(() => database.drop())
      const location = locateQueue({ redisUrl: undefined, databaseUrl: database.url })
      await migrateQueue(location)
      return location
    },
  ],
]

/** What a scrape of a new process shows, without the prefix of the names. */
async function scrape(opened: OpenQueue): Promise<Record<string, number>> {
  const registry = new Registry()
  registerQueueMetrics(registry, opened)
  const lines = (await registry.metrics()).split('\n').filter((line) => /^\w/.test(line))
  const samples = lines.map((line) => line.replace(/^clerk_sync_/, '').split(' '))
  return Object.fromEntries(samples.map(([name = '', value]) => [name, Number(value)]))
}

describe.each(places)('a queue on %s', (kind, locateOne) => {
  test('shows its jobs by state, also while it is paused, and how long the oldest has waited', async () => {
    const location = await locateOne()
    const { opened, enqueue } = openProducer(location)
    await enqueue(buildEvent())
    expect(await scrape(opened)).toMatchObject({
      'queue_jobs{state="waiting"}': 1,
      'queue_jobs{state="active"}': 0,
      'queue_jobs{state="delayed"}': 0,
      'queue_jobs{state="failed"}': 0,
    })
    // BullMQ and the reading use the same clock.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 90_000 })
    onTestFinished(() => void vi.useRealTimers())
    await enqueue(buildEvent())
    await bullQueueOf(opened).pause()
    const { queue_oldest_waiting_age_seconds: age, ...others } = await scrape(opened)
    expect(others).toMatchObject({ 'queue_jobs{state="waiting"}': 2 })
    expect(age).toBeGreaterThanOrEqual(90)
    expect(age).toBeLessThan(100)
  })

  test('shows 0 as the age when nothing waits', async () => {
    const { opened } = openProducer(await locateOne())
    await vi.waitFor(async () =>
      expect(await scrape(opened)).toMatchObject({ queue_oldest_waiting_age_seconds: 0 }),
    )
  })

  test('shows how full Redis is, and nothing of it without one', async () => {
    const { opened, enqueue } = openProducer(await locateOne())
    await enqueue(buildEvent())
    const names = Object.keys(await scrape(opened)).filter((name) => name.startsWith('redis_'))
    // The tests' own Redis has no limit.
    expect(names).toEqual(kind === 'Redis' ? ['redis_memory_used_bytes'] : [])
  })

  test('is read once for all apps of a process and for all scrapes within 2 s', async () => {
    const { opened, enqueue } = openProducer(await locateOne())
    await enqueue(buildEvent())
    const counting = vi.spyOn(bullQueueOf(opened), 'getJobCounts')
    const registry = new Registry()
    for (const _ of ['ingest', 'worker']) registerQueueMetrics(registry, opened)
    await Promise.all([registry.metrics(), registry.metrics()])
    await registry.metrics()
    expect(counting).toHaveBeenCalledTimes(1)
  })
})

test('a retried event has waited since it was first seen, or as long as an event behind it', async () => {
  const location = locate(inject('redisUrl'))
  const { opened, enqueue } = openProducer(location)
  const event = buildEvent()
  await enqueue(event)
  const consumer = openConsumer(location, async () => {
    throw new CannotApplyError('not yet')
  })
  await vi.waitFor(async () => expect(await bullQueueOf(opened).getFailedCount()).toBe(1))
  await consumer.close()
  await rerunJob(opened, event.svixId)

  const start = Date.now() + 3_600_000
  vi.useFakeTimers({ toFake: ['Date'], now: start })
  onTestFinished(() => void vi.useRealTimers())
  const watch = watchOldestWaiting(opened)
  expect(await watch()).toBe(0)
  vi.setSystemTime(start + 10_000)
  expect(await watch()).toBe(10_000)
  await enqueue(buildEvent())
  vi.setSystemTime(start + 25_000)
  expect(await watch()).toBe(25_000)
  const elsewhere = watchOldestWaiting(opened)
  expect(await elsewhere()).toBe(15_000)
})

test.each(['freeze', 'cut'] as const)(
  'while the network to Redis is %s, a scrape is quick and shows the rest',
  async (fault) => {
    const target = new URL(inject('redisUrl'))
    const proxy = await createFaultProxy({ host: target.hostname, port: Number(target.port) })
    onTestFinished(() => proxy.close())
    const { opened, enqueue } = openProducer(locate(`redis://127.0.0.1:${proxy.port}`))
    await enqueue(buildEvent())
    await proxy[fault]()
    const registry = new Registry()
    registerQueueMetrics(registry, opened)
    new Gauge({ name: 'other', help: 'Another gauge.', registers: [registry] }).set(1)
    const startedAt = performance.now()
    const text = await registry.metrics()
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(text.split('\n').filter((line) => /^\w/.test(line))).toEqual(['other 1'])
  },
)
