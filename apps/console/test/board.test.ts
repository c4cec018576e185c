import { CannotApplyError, createConsumer, GiveBackError, openQueue } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Console } from '../src/index.ts'
import { authorization, createTestQueue, openConsole } from './open-console.ts'
import type { TestQueue } from './open-console.ts'

const reason = 'users.id must not be empty'

interface Listing {
  queues: {
    name: string
    isPaused: boolean
    statuses: string[]
    counts: Record<string, number>
    jobs: {
      id: string
      name: string
      failedReason?: string
      attempts: number
      timestamp: number
      delay: number
    }[]
  }[]
}

describe.each(['redis', 'postgres'] as const)('with the queue on %s', (kind) => {
  let queue: TestQueue
  let board: Console

  beforeAll(async () => {
    queue = await createTestQueue(kind)
    board = await openConsole(queue.location)
  })

  afterAll(async () => {
    await board.close()
    await queue.drop()
  })

  async function list(status: string): Promise<Listing['queues'][number] | undefined> {
    const query = `activeQueue=clerk-events&status=${status}&page=1&jobsPerPage=10`
    const answer = await call('GET', `queues?${query}`)
    expect(answer.status).toBe(200)
    const listing = (await answer.json()) as Listing
    return listing.queues[0]
  }

  async function call(
    method: string,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const url = `${board.boardUrl}/api/${path}`
    return await fetch(url, { method, headers: { ...authorization(), ...headers } })
  }

  test('lists the queue and a failed job with its reason', async () => {
    await failJob(queue.location, 'msg_list')
    const listed = await list('failed')
    expect(listed).toMatchObject({ name: 'clerk-events', counts: { failed: 1 } })
    expect(listed?.jobs).toMatchObject([
      { id: 'msg_list', name: 'user.updated', failedReason: reason, attempts: 1 },
    ])
    expect((await call('PUT', 'queues/clerk-events/msg_list/clean')).status).toBe(204)
  })

  test('a failed job that is retried waits again, with all its attempts', async () => {
    await failJob(queue.location, 'msg_retry')
    expect((await call('PUT', 'queues/clerk-events/msg_retry/retry')).status).toBe(204)
    const listed = await list('waiting')
    expect(listed?.counts).toMatchObject({ failed: 0, waiting: 1 })
    expect(listed?.jobs).toMatchObject([{ id: 'msg_retry', attempts: 0 }])
    expect((await call('PUT', 'queues/clerk-events/msg_retry/clean')).status).toBe(204)
  })

  test('all failed jobs can be retried at once', async () => {
    const once = { error: new Error(reason), more: { attempts: 1 } }
    await failJob(queue.location, 'msg_one', once)
    await failJob(queue.location, 'msg_two', once)
    const answer = await call('PUT', 'queues/clerk-events/retry/failed')
    expect(await answer.json()).toMatchObject({ retried: 2, skipped: 0 })
    expect((await list('waiting'))?.jobs.map(({ attempts }) => attempts)).toEqual([0, 0])
  })

  test('has the states of an event, and the waiting jobs of a paused queue', async () => {
    expect((await call('PUT', 'queues/clerk-events/pause')).status).toBe(200)
    const listed = await list('waiting')
    expect((await call('PUT', 'queues/clerk-events/resume')).status).toBe(200)
    expect(listed?.statuses).toEqual(['latest', 'active', 'waiting', 'failed', 'delayed'])
    expect(listed?.counts).toEqual({ active: 0, waiting: 2, failed: 0, delayed: 0 })
    expect(listed?.jobs).toHaveLength(2)
  })

  test('tells when a job that failed an attempt runs next', async () => {
    const hourMs = 3_600_000
    const enqueuedAt = Date.now() - 3 * hourMs
    const backoff = { type: 'fixed', delay: hourMs }
    const more = { timestamp: enqueuedAt, backoff }
    await failJob(queue.location, 'msg_late', { error: new Error('not yet'), more })
    const [late] = (await list('delayed'))?.jobs ?? []
    expect(late).toMatchObject({ id: 'msg_late', timestamp: enqueuedAt })
    const nextAt = (late?.timestamp ?? 0) + (late?.delay ?? 0)
    expect(Math.abs(nextAt - (Date.now() + hourMs))).toBeLessThan(60_000)
  })

  test.each([{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }])(
    'another site changes nothing, though the browser sends the login along: %o',
    async (headers) => {
      const answer = await call('PUT', 'queues/pause', headers)
      expect(answer.status).toBe(403)
      expect(await list('latest')).toMatchObject({ isPaused: false })
    },
  )

  test('is ready', async () => {
    await expect(board.checks[0]?.run()).resolves.toBeUndefined()
  })
})

async function failJob(
  location: QueueLocation,
  jobId: string,
  { error = new CannotApplyError(reason), more = {} }: { error?: Error; more?: object } = {},
): Promise<void> {
  const failed = Promise.withResolvers<void>()
  const consumer = createConsumer(location, {
    // Those that are given back come first again.
    concurrency: 10,
    process: async (run) => {
      if (run.jobId === jobId) throw error
      throw new GiveBackError('not now')
    },
    onFailed: () => failed.resolve(),
    onStalled: () => undefined,
    onError: failed.reject,
  })
  const opened = openQueue(location, { onError: () => undefined })
  // A queue fails fast, also in the moment before its first connection.
  await vi.waitFor(() =>
    bullQueueOf(opened).add('user.updated', { id: jobId }, { jobId, attempts: 5, ...more }),
  )
  await failed.promise
  await Promise.all([consumer.close(), opened.close()])
}
