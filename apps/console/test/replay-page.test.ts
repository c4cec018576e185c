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

async function untilDone(): Promise<void> {
  await vi.waitFor(async () => {
    const status = (await (await call('/replay/status')).json()) as { isRunning: boolean }
    expect(status.isRunning).toBe(false)
  })
}

test('the page counts what would be replayed, by type and by reason', async () => {
  await failJobs(queue.location, [
    { id: 'msg_1', type: 'user.created', reason: 'SQLSTATE 23514' },
    { id: 'msg_2', type: 'user.updated', reason: '<b>not</b> markup' },
  ])
  const page = await (await call('/replay?type=user.updated')).text()
  expect(page).toContain('1 of 2 failed jobs selected')
  expect(page).toContain('&lt;b&gt;not&lt;/b&gt; markup')
  expect(page).toMatch(/<option value="user\.created"\s*>\s*user\.created \(1\)/)
})

test('a replay of a selection leaves the others failed, and its end is shown', async () => {
  const answer = await call('/replay', { type: 'user.created' })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/replay'])
  await untilDone()
  const page = await (await call('/replay')).text()
  expect(page).toContain('Done: 1 of 1 jobs replayed')
  expect(page).toContain('Started by operator')
  expect(page).toContain('1 of 1 failed job selected')
})

test('what can not be read starts nothing', async () => {
  const answer = await call('/replay', { from: 'yesterday' })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('From must be a time')
  expect(await (await call('/replay')).text()).toContain('1 of 1 failed job selected')
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
    expect(await (await call('/replay')).text()).toContain('1 of 1 failed job selected')
  },
)

test('retry all on the board replays a thousand jobs with all their attempts', async () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => `msg_many_${index}`)
  // The one that waits since the replay before fails again along with them.
  await failJobs(
    queue.location,
    ids.map((id) => ({ id })),
  )
  const url = `${board.boardUrl}/api/queues/clerk-events/retry/failed`
  const answer = await fetch(url, { method: 'PUT', headers: authorization() })
  expect(await answer.json()).toEqual({ retried: 1_002, skipped: 0 })
  const opened = await openReady(queue.location)
  expect(await bullQueueOf(opened).getJobCounts('failed', 'waiting')).toEqual({
    failed: 0,
    waiting: 1_002,
  })
  const waiting = await bullQueueOf(opened).getJobs(['waiting'], 0, 99)
  expect(waiting.every(({ attemptsMade }) => attemptsMade === 0)).toBe(true)
  await opened.close()
  expect(await (await call('/replay')).text()).toContain('Done: 1,002 of 1,002 jobs replayed')
})
