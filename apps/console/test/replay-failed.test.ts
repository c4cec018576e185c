import { countFailed, createConsumer, replayFailed } from '@clerk-sync/queue'
import type { OpenQueue, ReplayCounts } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { failJobs, openReady } from './fail-jobs.ts'
import { createTestQueue } from './open-console.ts'
import type { TestQueue } from './open-console.ts'

const database = 'the database refused the statement: SQLSTATE 23514'
const noId = 'user.updated has no data.id: nothing to apply it to'
const all = { includeInvalid: true }

describe.each(['redis', 'postgres'] as const)('with the queue on %s', (kind) => {
  let testQueue: TestQueue
  let opened: OpenQueue

  beforeEach(async () => {
    testQueue = await createTestQueue(kind)
    await failJobs(testQueue.location, [
      { id: 'msg_a', type: 'user.created', reason: database },
      { id: 'msg_b', type: 'user.updated', reason: database },
      { id: 'msg_c', type: 'user.updated', reason: noId, isInvalid: true },
    ])
    opened = await openReady(testQueue.location)
  })

  afterEach(async () => {
    await opened.close()
    await testQueue.drop()
  })

  const waiting = async () =>
    (await bullQueueOf(opened).getJobs(['waiting'])).map(({ id, attemptsMade, data }) => ({
      id,
      attemptsMade,
      data: data as unknown,
    }))

  test('all failed jobs run again with all their attempts, and with their data', async () => {
    const counts = await replayFailed(opened, all)
    const nothingElse = { leftOut: 0, gone: 0, failed: 0 }
    expect(counts).toEqual({ seen: 3, matched: 3, replayed: 3, ...nothingElse })
    const ids = ['msg_a', 'msg_b', 'msg_c']
    const expected = ids.map((id) => ({ id, attemptsMade: 0, data: { id } }))
    expect((await waiting()).toSorted((a, b) => (a.id ?? '').localeCompare(b.id ?? ''))).toEqual(
      expected,
    )
    expect(await replayFailed(opened, all)).toMatchObject({ matched: 0, replayed: 0 })
  })

  test.each([
    ['a type', { types: ['user.created'] }, ['msg_a']],
    ['a part of the reason, in any case', { reason: 'sqlstate 23514' }, ['msg_a', 'msg_b']],
    ['all of it together', { types: ['user.updated'], reason: 'sqlstate' }, ['msg_b']],
    ['ids', { ids: ['msg_b', 'msg_z'] }, ['msg_b']],
    ['a type, invalid events included', { types: ['user.updated'], ...all }, ['msg_b', 'msg_c']],
    ['nothing, so no invalid events', {}, ['msg_a', 'msg_b']],
    ['a time before all', { until: 1 }, []],
    ['a time after all', { since: Date.now() + 60_000 }, []],
  ])('only those of %s are counted and run again', async (_, selection, ids) => {
    expect((await countFailed(opened, selection)).selected).toBe(ids.length)
    await replayFailed(opened, selection)
    expect(new Set((await waiting()).map(({ id }) => id))).toEqual(new Set(ids))
  })

  test('counting says what there is and touches nothing', async () => {
    expect(await countFailed(opened, { types: ['user.updated'] })).toMatchObject({
      failed: 3,
      allTypes: [
        { name: 'user.updated', count: 2 },
        { name: 'user.created', count: 1 },
      ],
      selected: 1,
      types: [{ name: 'user.updated', count: 1 }],
      reasons: [{ name: database, count: 1 }],
      leftOut: 1,
      leftOutReasons: [{ name: noId, count: 1 }],
    })
    expect(await waiting()).toEqual([])
  })

  test('jobs that fail again at once are replayed once, and the replay ends', async () => {
    const runs: string[] = []
    const consumer = createConsumer(testQueue.location, {
      concurrency: 5,
      process: async ({ jobId }) => {
        runs.push(jobId)
        throw Object.assign(new Error('still broken'), { name: 'UnrecoverableError' })
      },
      onFailed: () => undefined,
      onStalled: () => undefined,
      onError: () => undefined,
    })
    try {
      expect(await replayFailed(opened, all)).toMatchObject({ matched: 3, replayed: 3 })
      await expect.poll(() => runs.length).toBe(3)
      const { failed } = await bullQueueOf(opened).getJobCounts('failed')
      await expect
        .poll(async () => (await bullQueueOf(opened).getJobCounts('failed'))['failed'])
        .toBe(3)
      expect(failed).toBeLessThanOrEqual(3)
    } finally {
      await consumer.close()
    }
    expect(runs.toSorted()).toEqual(['msg_a', 'msg_b', 'msg_c'])
  })

  test('two replays at once replay each job once', async () => {
    const [one, other] = await Promise.all([replayFailed(opened, all), replayFailed(opened, all)])
    expect(one.replayed + other.replayed).toBe(3)
    expect(one.failed + other.failed).toBe(0)
    expect(await waiting()).toHaveLength(3)
  })

  test('stopped in the middle it says so, and the next one goes on', async () => {
    const stopping = new AbortController()
    const told: ReplayCounts[] = []
    const stopped = replayFailed(opened, all, {
      signal: stopping.signal,
      onProgress(counts) {
        told.push(counts)
        stopping.abort(new Error('that is enough'))
      },
    })
    await expect(stopped).rejects.toThrow('that is enough')
    expect(told[0]).toMatchObject({ seen: 3, matched: 3, replayed: 0 })
    expect(await replayFailed(opened, all)).toMatchObject({ matched: 3, replayed: 3 })
  })
})

test('more failed jobs than a page are all found once, though some leave meanwhile', async () => {
  const { location } = await createTestQueue('redis')
  const ids = Array.from({ length: 1_203 }, (_, index) => `msg_${index}`)
  await failJobs(
    location,
    ids.map((id) => ({ id })),
  )
  const opened = await openReady(location)
  const leaving = await bullQueueOf(opened).getRanges(['failed'], 0, 2, true)
  // All ranks move when the oldest ones leave between two pages.
  beforeSecondPage(opened, async () => {
    for (const id of leaving) await bullQueueOf(opened).remove(id)
  })
  const counts = await replayFailed(opened, {})
  expect(counts).toMatchObject({ seen: 1_200, matched: 1_200, replayed: 1_200, gone: 0 })
  expect(await bullQueueOf(opened).getJobCounts('failed', 'waiting')).toEqual({
    failed: 0,
    waiting: 1_200,
  })
  await opened.close()
})

function beforeSecondPage(opened: OpenQueue, act: () => Promise<void>): void {
  const queue = bullQueueOf(opened)
  const getRanges = queue.getRanges.bind(queue)
  let pages = 0
  vi.spyOn(queue, 'getRanges').mockImplementation(async (...args) => {
    pages += 1
    if (pages === 2) await act()
    return await getRanges(...args)
  })
}
