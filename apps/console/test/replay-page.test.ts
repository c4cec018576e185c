import { CannotApplyError, createConsumer } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Console } from '../src/index.ts'
import { failJobs, openReady } from './fail-jobs.ts'
import { authorization, createTestQueue, openConsole, untilReady } from './open-console.ts'
import type { TestQueue } from './open-console.ts'

let queue: TestQueue
let board: Console

beforeAll(async () => {
  queue = await createTestQueue('redis')
  board = await openConsole(queue.location)
  await untilReady(board)
})

afterAll(async () => {
  await board.close()
  await queue.drop()
})

async function call(path: string, fields?: Record<string, string>): Promise<Response> {
  return await fetch(new URL(path, board.boardUrl), {
    method: fields ? 'POST' : 'GET',
    headers: authorization(),
    body: fields ? new URLSearchParams(fields) : null,
    redirect: 'manual',
  })
}

function work(process: () => Promise<void>) {
  return createConsumer(queue.location, {
    concurrency: 20,
    process,
    onFailed: () => undefined,
    onStalled: () => undefined,
    onError: () => undefined,
  })
}

async function untilDone(): Promise<void> {
  await vi.waitFor(async () => {
    const status = (await (await call('/replay/status')).json()) as { isRunning: boolean }
    expect(status.isRunning).toBe(false)
  }, 5_000)
}

test('the page counts what would be replayed, by type and by reason', async () => {
  await failJobs(queue.location, [
    { id: 'msg_1', type: 'user.created', reason: 'SQLSTATE 23514' },
    { id: 'msg_2', type: 'user.updated', reason: '<b>not</b> markup' },
    { id: 'msg_3', type: 'user.updated', reason: 'user.updated has no data.id', isInvalid: true },
  ])
  const page = await (await call('/replay?type=user.updated')).text()
  expect(page).toContain('1 of 3 failed jobs selected')
  expect(page).toMatch(/1 more is left out.*replaying won’t help.*user\.updated has no data\.id/s)
  expect(await (await call('/replay?invalid=true')).text()).toContain('3 of 3 failed jobs selected')
  expect(page).toContain('&lt;b&gt;not&lt;/b&gt; markup')
  expect(page).toMatch(/<option value="user\.created"\s*>\s*user\.created \(1\)/)
})

test('a replay of a selection leaves the others failed, and what became of it is shown', async () => {
  const answer = await call('/replay', { type: 'user.created' })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/replay'])
  await vi.waitFor(async () => {
    const waiting = await (await call('/replay')).text()
    expect(waiting).toContain('1 of 1 jobs replayed: waiting for their end')
    expect(waiting).toContain('Stop waiting: the jobs go on')
  })
  const consumer = work(() => Promise.reject(new CannotApplyError('still refused')))
  await untilDone()
  await consumer.close()
  const page = await (await call('/replay')).text()
  expect(page).toContain('Done: 1 of 1 jobs replayed, 1 failed again')
  expect(page).toMatch(/Why they failed again.*still refused/s)
  expect(page).toContain('Started by operator')
  expect(page).toContain('2 of 3 failed jobs selected')
})

test('what can not be read starts nothing', async () => {
  const answer = await call('/replay', { from: 'yesterday' })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('From must be a time')
  expect(await (await call('/replay')).text()).toContain('2 of 3 failed jobs selected')
})

test.each(['application/json', 'text/plain'])(
  'a selection that is sent as %s starts nothing, least of all a replay of all',
  async (type) => {
    const answer = await fetch(new URL('/replay', board.boardUrl), {
      method: 'POST',
      headers: { ...authorization(), 'content-type': type },
      body: '{"type":"user.created"}',
      redirect: 'manual',
    })
    expect(answer.status).toBe(415)
    expect(await (await call('/replay')).text()).toContain('2 of 3 failed jobs selected')
  },
)

test('retry all on the board replays a thousand jobs with all their attempts', async () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => `msg_many_${index}`)
  await failJobs(
    queue.location,
    ids.map((id) => ({ id })),
  )
  const url = `${board.boardUrl}/api/queues/clerk-events/retry/failed`
  const answer = await fetch(url, { method: 'PUT', headers: authorization() })
  expect(await answer.json()).toEqual({ retried: 1_002, skipped: 1 })
  const opened = await openReady(queue.location)
  const counts = () => bullQueueOf(opened).getJobCounts('failed', 'waiting')
  expect(await counts()).toEqual({ failed: 1, waiting: 1_002 })
  const waiting = await bullQueueOf(opened).getJobs(['waiting'], 0, 99)
  expect(waiting.every(({ attemptsMade }) => attemptsMade === 0)).toBe(true)
  expect((await call('/replay', { type: '' })).status).toBe(409)
  await call('/replay/stop', {})
  await untilDone()
  expect(await counts()).toEqual({ failed: 1, waiting: 1_002 })
  await opened.close()
  expect(await (await call('/replay')).text()).toContain('Stopped waiting: 1,002 of 1,002 jobs')
})

test('a paused queue is told, and not waited for', async () => {
  const opened = await openReady(queue.location)
  await bullQueueOf(opened).pause()
  await opened.close()
  await call('/replay', { invalid: 'true' })
  await untilDone()
  const page = await (await call('/replay')).text()
  expect(page).toContain('1 of 1 jobs replayed, and not all have ended')
  expect(page).toContain('No worker takes jobs: the queue is paused')
})
