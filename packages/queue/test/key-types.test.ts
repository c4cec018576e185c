import { createLogger } from '@clerk-sync/ops/process'
import { Redis } from 'ioredis'
import { QueueKeys } from 'bullmq'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import {
  checkQueue,
  createQueueErrorLog,
  inspectQueue,
  QueueUnavailableError,
} from '../src/index.ts'
import type { OpenQueue } from '../src/index.ts'
import { keyTypes } from '../src/key-types.ts'
import { buildEvent, openConsumer, openProducer, untilDone, untilEmpty } from './open-ends.ts'
import { locate } from './redis-forms.ts'

const names = Object.keys(keyTypes)

function openQueueToBreak() {
  const location = locate(inject('redisUrl'))
  const admin = new Redis(inject('redisUrl'))
  onTestFinished(() => admin.disconnect())
  const keyOf = (name: string) => `${location.prefix}:clerk-events:${name}`
  return {
    location,
    keyOf,
    /** What an event did whose id was the name of this key. */
    breakKey: async (name: string) => {
      await admin.del(keyOf(name))
      await (name === 'meta' ? admin.set(keyOf(name), 'x') : admin.hset(keyOf(name), 'name', 'x'))
    },
    renameAsToldBy: async (opened: OpenQueue) => {
      const problem = await checkQueue(opened).then(() => '', String)
      const [, from = '', to = ''] = /run RENAME "([^"]+)" "([^"]+)"/.exec(problem) ?? []
      await admin.rename(from, to)
    },
    types: async () =>
      Object.fromEntries(
        await Promise.all(names.map(async (name) => [name, await admin.type(keyOf(name))])),
      ),
  }
}

test('every key of BullMQ has a type that is checked', () => {
  const { '': _, de: prefixOfKeys, ...keys } = new QueueKeys().getKeys('q')
  expect(prefixOfKeys).toBeDefined()
  expect(names.toSorted()).toEqual(Object.keys(keys).toSorted())
})

test('the types are those that a queue has in use', async () => {
  const { location, types } = openQueueToBreak()
  const { enqueue, opened } = openProducer(location)
  const waits = Promise.withResolvers<void>()
  openConsumer(location, async ({ name }) => {
    if (name === 'user.deleted') throw new Error('not now')
    await waits.promise
  })
  await enqueue({ ...buildEvent(), type: 'user.deleted' })
  for (const event of Array.from({ length: 20 }, buildEvent)) await enqueue(event)
  await vi.waitFor(async () => {
    const inUse = Object.entries(await types()).filter(([, type]) => type !== 'none')
    expect(Object.fromEntries(inUse)).toMatchObject({ wait: 'list', active: 'list' })
    expect(Object.fromEntries(inUse)).toMatchObject({ delayed: 'zset', events: 'stream' })
    expect(keyTypes).toMatchObject(Object.fromEntries(inUse))
  }, 10_000)
  await checkQueue(opened)
  waits.resolve()
})

test.each(names)(
  'a queue whose key %j has a wrong type is not ready, and says which and what to do',
  async (name) => {
    const { location, breakKey, keyOf, renameAsToldBy } = openQueueToBreak()
    const { enqueue, opened } = openProducer(location)
    await enqueue(buildEvent())
    await checkQueue(opened)
    await breakKey(name)
    const found = name === 'meta' ? 'string' : 'hash'
    const problem = `the queue can't work, because its key ${keyOf(name)} is a ${found}, not a `
    await expect(checkQueue(opened)).rejects.toThrow(problem)
    await expect(inspectQueue(location)).rejects.toThrow(problem)
    await renameAsToldBy(opened)
    await checkQueue(opened)
  },
)

// With a wrong marker the job is in its list although the first delivery is refused.
test.each([
  ['wait', 2],
  ['id', 2],
  ['events', 2],
  ['failed', 2],
  ['marker', 1],
] as const)(
  'an event is refused at once while the key %j has a wrong type, and done after it was renamed',
  async (name, refusals) => {
    const { location, breakKey, keyOf, renameAsToldBy } = openQueueToBreak()
    const { enqueue, opened } = openProducer(location)
    await vi.waitFor(() => checkQueue(opened), 10_000)
    await breakKey(name)
    const event = buildEvent()
    for (let delivery = 1; delivery <= refusals; delivery += 1) {
      const since = performance.now()
      const refused = enqueue(event)
      await expect(refused).rejects.toThrow(QueueUnavailableError)
      await expect(refused).rejects.toThrow(keyOf(name))
      expect(performance.now() - since).toBeLessThan(5_000)
    }
    await renameAsToldBy(opened)
    await enqueue(event)
    const runs = openConsumer(location)
    await untilDone(runs, [event])
    await untilEmpty(opened)
    expect(runs.started).toEqual([event.svixId])
  },
)

test.each(['wait', 'active', 'delayed', 'marker', 'prioritized', 'stalled'])(
  'a worker says in words that the key %j has a wrong type, waits, and goes on after it was renamed',
  async (name) => {
    const { location, breakKey, renameAsToldBy } = openQueueToBreak()
    const { enqueue, opened } = openProducer(location)
    await vi.waitFor(() => checkQueue(opened), 10_000)
    await breakKey(name)
    const lines: Record<string, unknown>[] = []
    const write = (line: string) => void lines.push(JSON.parse(line))
    const logError = createQueueErrorLog(createLogger({ name: 'test', level: 'info' }, { write }))
    const runs = openConsumer(location)
    await vi.waitFor(() => expect(runs.errors).not.toEqual([]), 10_000)
    // In a busy loop there were 6,000 a second.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(runs.errors.length).toBeLessThan(50)
    for (const error of runs.errors) logError(error)
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'error',
        msg: 'a key of the queue has a wrong type, so no job can run; /readyz names it and how to rename it',
      }),
    ])
    await renameAsToldBy(opened)
    const event = buildEvent()
    await enqueue(event)
    await untilDone(runs, [event])
    expect(runs.attempts).toEqual(new Set([1]))
  },
)
