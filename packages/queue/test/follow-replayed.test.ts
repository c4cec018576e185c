import { randomBytes } from 'node:crypto'
import { createRedisCluster, createTestDatabase } from '@clerk-sync/testing'
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { bullQueueOf } from '../src/bullmq.ts'
import {
  CannotApplyError,
  createConsumer,
  followReplayed,
  isSettled,
  locateQueue,
  migrateQueue,
  openQueue,
  replayFailed,
} from '../src/index.ts'
import type { JobRun, OpenQueue, QueueLocation, ReplayedJobs } from '../src/index.ts'

const places: Record<string, () => Promise<QueueLocation>> = {
  Redis: async () => inRedis(inject('redisUrl')),
  async 'a Redis Cluster'() {
    const { url, stop } = await createRedisCluster()
    onTestFinished(stop)
    return inRedis(url)
  },
  async PostgreSQL() {
    const database = await createTestDatabase(inject('databaseUrl'))
    onTestFinished(() => database.drop())
    const location = locateQueue({ redisUrl: undefined, databaseUrl: database.url })
    await migrateQueue(location)
    return location
  },
}

function inRedis(redisUrl: string): QueueLocation {
  const location = locateQueue({ redisUrl, databaseUrl: undefined })
  return { ...location, prefix: `{test-${randomBytes(6).toString('hex')}}` } as QueueLocation
}

/** A queue in which so many jobs have failed, and their ids after a replay of all. */
async function replayJobs(location: QueueLocation, names: readonly string[]) {
  const opened = openQueue(location, { onError: () => undefined })
  onTestFinished(() => opened.close())
  await vi.waitFor(() => bullQueueOf(opened).getJobCounts('failed'), { timeout: 5_000 })
  const consumer = work(location, () => Promise.reject(new CannotApplyError('not yet')))
  await bullQueueOf(opened).addBulk(
    names.map((name, index) => ({
      name,
      data: {},
      opts: { jobId: `msg_${index}`, attempts: 5, backoff: { type: 'fixed', delay: 60_000 } },
    })),
  )
  const countFailed = () => bullQueueOf(opened).getJobCountByTypes('failed')
  await expect.poll(countFailed, { timeout: 10_000 }).toBe(names.length)
  await consumer.close()
  const ids: string[] = []
  const onReplayed = (id: string) => void ids.push(id)
  await replayFailed(opened, { includeInvalid: true }, { onReplayed })
  expect(ids).toHaveLength(names.length)
  return { opened, ids }
}

function work(location: QueueLocation, process: (run: JobRun) => Promise<void>) {
  return createConsumer(location, {
    concurrency: 20,
    process,
    onFailed: () => undefined,
    onStalled: () => undefined,
    onError: () => undefined,
  })
}

/** Waits for what is replayed, and calls back with each progress. */
function follow(
  { opened, ids }: { opened: OpenQueue; ids: readonly string[] },
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
  onProgress?: (jobs: ReplayedJobs) => void,
) {
  return followReplayed(opened, ids, { timeoutMs: 20_000, ...options, onProgress })
}

describe.each(Object.entries(places))('on %s', (_, createPlace) => {
  test('each replayed job is told by its end, and a paused queue is not waited for', async () => {
    const location = await createPlace()
    const many = Array.from({ length: 600 }, () => 'passes')
    const names = [...many, 'refused', 'refused', 'retried', 'retried', 'held']
    const replayed = await replayJobs(location, names)
    const queue = bullQueueOf(replayed.opened)
    await queue.pause()
    expect(await follow(replayed)).toMatchObject({ waiting: 605, standstill: 'paused' })
    await queue.resume()
    const held = Promise.withResolvers<void>()
    const consumer = work(location, async ({ name, jobId }) => {
      if (name === 'refused') throw new CannotApplyError(`"${jobId}" has no id`)
      if (name === 'retried') throw new Error('SQLSTATE 23514')
      if (name === 'held') await held.promise
    })
    let sawHeld = false
    const jobs = await follow(replayed, {}, ({ active, waiting, succeeded }) => {
      // The last one runs: it is let go once it has been seen.
      if (active !== 1 || waiting !== 0 || succeeded !== 600) return
      sawHeld = true
      held.resolve()
    })
    await consumer.close()
    expect(sawHeld).toBe(true)
    expect(jobs).toEqual({
      succeeded: 601,
      failed: 2,
      delayed: 2,
      active: 0,
      waiting: 0,
      reasons: [
        { name: '"…" has no id', count: 2 },
        { name: 'SQLSTATE 23514', count: 2 },
      ],
      standstill: undefined,
    })
  })
})

test('a missing worker is told, and an end of the waiting leaves the jobs', async () => {
  const location = inRedis(inject('redisUrl'))
  const replayed = await replayJobs(location, ['one', 'two'])
  const all = { succeeded: 0, failed: 0, delayed: 0, active: 0, waiting: 2, reasons: [] }
  const stopping = new AbortController()
  const told = await follow(replayed, { signal: stopping.signal }, ({ standstill }) => {
    if (standstill) stopping.abort()
  })
  expect(told).toEqual({ ...all, standstill: 'no worker' })
  expect(await follow(replayed, { timeoutMs: 100 })).toEqual({ ...all, standstill: undefined })

  const consumer = work(location, async () => undefined)
  const done = await follow(replayed)
  await consumer.close()
  expect(done).toMatchObject({ succeeded: 2, waiting: 0 })
  expect(isSettled(done)).toBe(true)
})

test('an attempt that fails is followed by the next one when that is near', async () => {
  const location = inRedis(inject('redisUrl'))
  const { opened, ids } = await replayJobs(location, ['fails once'])
  const job = await bullQueueOf(opened).getJob('msg_0')
  const { promise, resolve } = Promise.withResolvers<void>()
  const consumer = work(location, async ({ attempt }) => {
    if (attempt > 1) return
    setImmediate(resolve)
    throw new Error('another transaction was in the way')
  })
  await promise
  await vi.waitFor(() => job?.changeDelay(1_000))
  const seen: number[] = []
  const jobs = await follow({ opened, ids }, {}, ({ delayed }) => void seen.push(delayed))
  await consumer.close()
  expect(seen[0]).toBe(1)
  expect(jobs).toMatchObject({ succeeded: 1, delayed: 0, reasons: [] })
})
