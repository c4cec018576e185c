import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { QueueUnavailableError, readRedisFacts } from '../src/index.ts'
import { buildEvent, openConsumer, openProducer, untilDone, untilEmpty } from './open-ends.ts'
import { forms, locate } from './redis-forms.ts'
import type { RunningForm } from './redis-forms.ts'

const refusedAfterMs = 1_000
// More than one script takes at once.
const inOneTurn = 30

describe.each(forms)('on %s', (_, start) => {
  let redis: RunningForm
  beforeAll(async () => {
    redis = await start()
  })
  afterAll(() => redis.stop())

  test('while the server is unavailable events are refused in time, and after it they are taken and done', async () => {
    const location = locate(redis.url)
    const before = openProducer(location)
    const held = Promise.withResolvers<void>()
    const runs = openConsumer(location, () => held.promise, { concurrency: 100 })
    const kept = Array.from({ length: inOneTurn }, buildEvent)
    await Promise.all(kept.map((event) => before.enqueue(event)))
    await vi.waitFor(() => expect(runs.started).toHaveLength(inOneTurn), 5_000)

    await redis.kill(location.prefix)
    const startedInOutage = openProducer(location)
    const delivered = Array.from({ length: inOneTurn }, buildEvent)
    const waiting = Promise.all(delivered.map((event) => before.enqueue(event, 30_000)))
    held.resolve()
    for (const { enqueue } of [before, startedInOutage]) {
      const since = performance.now()
      await expect(enqueue(buildEvent(), refusedAfterMs)).rejects.toThrow(QueueUnavailableError)
      expect(performance.now() - since).toBeLessThan(refusedAfterMs + 500)
    }
    const closing = openConsumer(location)
    const closedSince = performance.now()
    await closing.close()
    expect(performance.now() - closedSince).toBeLessThan(5_500)

    await redis.restart(location.prefix)
    await waiting
    const after = buildEvent()
    await startedInOutage.enqueue(after, 20_000)
    await untilDone(runs, [...kept, ...delivered, after])
    await untilEmpty(startedInOutage.opened)
    expect(runs.attempts).toEqual(new Set([1]))
    expect(await readRedisFacts(before.opened)).toMatchObject({ isClusterDown: false })
  })
})
