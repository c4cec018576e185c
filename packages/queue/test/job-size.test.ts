import { randomBytes } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { rerunJob } from '../src/index.ts'
import { parseRedisUrl } from '../src/redis-address.ts'
import { buildEvent, openConsumer, openProducer } from './open-ends.ts'
import { bullQueueOf } from '../src/bullmq.ts'

test('a job keeps only the stacks of its last failures, however often it fails', async () => {
  const prefix = `{size-${randomBytes(6).toString('hex')}}`
  const location = { kind: 'redis', address: parseRedisUrl(inject('redisUrl')), prefix } as const
  const { enqueue, opened } = openProducer(location)
  const runs = openConsumer(location, () => Promise.reject(new Error('not now')))
  const event = buildEvent()
  await enqueue(event)
  for (let run = 1; run <= 7; run += 1) {
    await expect.poll(() => bullQueueOf(opened).getJobState(event.svixId)).toBe('delayed')
    expect(runs.started).toHaveLength(run)
    await rerunJob(opened, event.svixId)
    await expect.poll(() => runs.started.length).toBe(run + 1)
  }
  await expect.poll(() => bullQueueOf(opened).getJobState(event.svixId)).toBe('delayed')
  expect((await bullQueueOf(opened).getJob(event.svixId))?.stacktrace).toHaveLength(5)
})
