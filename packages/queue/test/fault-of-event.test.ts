import { createTestDatabase } from '@clerk-sync/testing'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { CannotEnqueueError, locateQueue, migrateQueue } from '../src/index.ts'
import type { QueueLocation } from '../src/index.ts'
import { bullQueueOf } from '../src/bullmq.ts'
import { buildEvent, openProducer } from './open-ends.ts'
import { locate } from './redis-forms.ts'

function nest(depth: number): object {
  let nested = {}
  for (let level = 0; level < depth; level += 1) nested = { nested }
  return nested
}

const circular: { [field: string]: unknown } = {}
circular['self'] = circular

const places: [name: string, locateOne: () => Promise<QueueLocation>][] = [
  ['Redis', async () => locate(inject('redisUrl'))],
  ['PostgreSQL', locateOnPostgres],
]

async function locateOnPostgres(): Promise<QueueLocation> {
  const database = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => database.drop())
  const location = locateQueue({ redisUrl: undefined, databaseUrl: database.url })
  await migrateQueue(location)
  return location
}

/** What becomes of an event with this data, and what waits in the queue after another one. */
async function enqueueWith(location: QueueLocation, data: object) {
  const { enqueue, opened } = openProducer(location)
  await enqueue(buildEvent())
  const since = performance.now()
  const event = { ...buildEvent(), data: data as { [field: string]: unknown } }
  const result = await enqueue(event, 60_000).catch((error: unknown) => error)
  const isQuick = performance.now() - since < 30_000
  await enqueue(buildEvent())
  const { waiting } = await bullQueueOf(opened).getJobCounts('waiting')
  return { result, isQuick, waiting }
}

const refusedAtOnce = { result: expect.any(CannotEnqueueError), isQuick: true, waiting: 2 }

describe.each(places)('on %s', (_, locateOne) => {
  test.each([
    ['is nested so deeply that JSON.stringify gives up', nest(100_000)],
    ['contains itself', circular],
    ['has a value that JSON has not', { amount: 1n }],
  ])('an event that %s is refused at once, as the fault of the event', async (__, data) => {
    expect(await enqueueWith(await locateOne(), data)).toEqual(refusedAtOnce)
  })
})

test.each([
  ['a NUL', { name: 'a\0b' }],
  ['more nesting than its stack has', nest(6_000)],
])('an event with what PostgreSQL can not store, %s, is refused at once there', async (_, data) => {
  expect(await enqueueWith(await locateOnPostgres(), data)).toEqual(refusedAtOnce)
})
