import { startProcess } from '@clerk-sync/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { CannotApplyError, inspectQueue, inspectRedis, readRedisFacts } from '../src/index.ts'
import { buildEvent, openConsumer, openProducer, untilDone, untilEmpty } from './open-ends.ts'
import { forms, locate } from './redis-forms.ts'
import type { RunningForm } from './redis-forms.ts'
import { bullQueueOf } from '../src/bullmq.ts'

const holdJob = new URL('./hold-job-process.ts', import.meta.url).pathname

describe.each(forms)('on %s', (name, start) => {
  let redis: RunningForm
  beforeAll(async () => {
    redis = await start()
  })
  afterAll(() => redis.stop())

  test('an event is done once, however often it is enqueued, and leaves nothing behind', async () => {
    const location = locate(redis.url)
    const { enqueue, opened } = openProducer(location)
    const event = buildEvent()
    const addedAt = Date.now()
    expect(await enqueue(event)).toBe('added')
    // PostgreSQL tells two deliveries by their milliseconds.
    while (Date.now() === addedAt) await new Promise(setImmediate)
    expect(await Promise.all([enqueue(event), enqueue(event)])).toEqual(['waiting', 'waiting'])
    const others = Array.from({ length: 20 }, buildEvent)
    await Promise.all(others.map((other) => enqueue(other)))
    const seen: unknown[] = []
    const runs = openConsumer(location, async ({ data }) => void seen.push(data))
    await untilDone(runs, [event, ...others])
    await untilEmpty(opened)
    expect(runs.started.filter((id) => id === event.svixId)).toHaveLength(1)
    expect(seen).toContainEqual(event)
  })

  test('a redelivery runs a failed event again', async () => {
    const location = locate(redis.url)
    const { enqueue, opened } = openProducer(location)
    const event = buildEvent()
    let isRepaired = false
    await enqueue(event)
    const runs = openConsumer(location, async () => {
      if (!isRepaired) throw new CannotApplyError('not yet')
    })
    await vi.waitFor(async () => {
      expect(await bullQueueOf(opened).getJobCountByTypes('failed')).toBe(1)
    }, 5_000)
    isRepaired = true
    expect(await enqueue(event)).toBe('rerun')
    await untilDone(runs, [event])
    await untilEmpty(opened)
    expect(runs.started).toHaveLength(2)
  })

  test('an attempt that failed is made again after its delay', async () => {
    const location = locate(redis.url)
    const { enqueue, opened } = openProducer(location)
    const event = buildEvent()
    const startedAt: number[] = []
    const runs = openConsumer(location, async ({ attempt }) => {
      startedAt.push(Date.now())
      if (attempt === 1) throw new Error('the first one fails')
    })
    await enqueue(event)
    await untilDone(runs, [event])
    await untilEmpty(opened)
    const [first = 0, second = 0] = startedAt
    expect(second - first).toBeGreaterThanOrEqual(700)
  })

  test('a job is taken over from a consumer that crashed', async () => {
    const location = locate(redis.url)
    const { enqueue, opened } = openProducer(location)
    const event = buildEvent()
    const certificates = 'certificateFile' in redis ? String(redis.certificateFile) : ''
    const crashing = startProcess(holdJob, {
      LOCATION: JSON.stringify(location),
      NODE_EXTRA_CA_CERTS: certificates,
    })
    onTestFinished(() => crashing.kill('SIGKILL'))
    await enqueue(event)
    await vi.waitFor(() => expect(crashing.output.stdout).toContain(event.svixId), 20_000)
    crashing.kill('SIGKILL')
    const attempts: number[] = []
    const run = async ({ attempt }: { attempt: number }) => void attempts.push(attempt)
    const runs = openConsumer(location, run, { lockDurationMs: 1_000 })
    await untilDone(runs, [event])
    await untilEmpty(opened)
    expect(attempts).toEqual([1])
  })

  test('its settings are read over a connection of its own and over an open queue', async () => {
    const location = locate(redis.url)
    const servers = name === 'a cluster' ? 3 : 1
    const expected = {
      servers,
      version: expect.stringMatching(/^\d+\.\d+/),
      isReplica: false,
      evictionPolicy: 'noeviction',
      isAppendOnly: true,
      isClusterNode: name === 'a cluster',
      isClusterDown: false,
    }
    expect(await inspectRedis(location.address)).toMatchObject(expected)
    const { enqueue, opened } = openProducer(location)
    await enqueue(buildEvent())
    expect(await readRedisFacts(opened)).toMatchObject(expected)
    expect((await inspectQueue(location)).depth.waiting).toBe(1)
  })
})
