import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Console } from '../src/index.ts'
import { failJobs, openReady } from './fail-jobs.ts'
import { authorization, createTestQueue, openConsole, untilReady } from './open-console.ts'
import type { TestQueue } from './open-console.ts'

const person = /ada|lovelace|203\.0\.113|Mozilla/i
const job = {
  id: 'msg_1',
  type: 'user.updated',
  reason: 'invalid input syntax for type timestamp: "Ada Lovelace", asked by ada@example.com',
  data: {
    svixId: 'msg_1',
    type: 'user.updated',
    entityId: 'user_1',
    userId: 'user_1',
    occurredAt: Date.UTC(2026, 10, 30),
    receivedAt: Date.UTC(2026, 10, 30),
    clientIp: '203.0.113.7',
    userAgent: 'Mozilla/5.0',
    data: { first_name: 'Ada', last_name: 'Lovelace' },
  },
}

let queue: TestQueue
let hiding: Console
let showing: Console

beforeAll(async () => {
  queue = await createTestQueue('redis')
  await failJobs(queue.location, [job])
  hiding = await openConsole(queue.location)
  showing = await openConsole(queue.location, { showData: true })
  await Promise.all([untilReady(hiding), untilReady(showing)])
})

afterAll(async () => {
  await Promise.all([hiding.close(), showing.close()])
  await queue.drop()
})

async function call({ boardUrl }: Console, path: string, body?: object, method = 'GET') {
  const headers = { ...authorization(), 'content-type': 'application/json' }
  const url = new URL(path, boardUrl)
  return await fetch(url, { method, headers, body: body ? JSON.stringify(body) : null })
}

const api = '/board/api/queues/clerk-events'
const pages = [
  '/board/api/queues?activeQueue=clerk-events&status=failed&page=1&jobsPerPage=10',
  `${api}/msg_1`,
  `${api}/msg_1/flow`,
  `${api}/msg_1/logs`,
  '/replay',
]

test.each(pages)('nothing of a person is in %s', async (path) => {
  const answer = await call(hiding, path)
  expect(answer.status).toBe(200)
  expect(await answer.text()).not.toMatch(person)
})

test('what is needed to find a job is shown', async () => {
  const answer = (await (await call(hiding, `${api}/msg_1`)).json()) as object
  expect(answer).toMatchObject({
    job: {
      failedReason: expect.stringMatching(/^invalid input syntax for type timestamp: "…"/),
      data: {
        svixId: 'msg_1',
        entityId: 'user_1',
        userId: 'user_1',
        occurredAt: '2026-11-30T00:00:00.000Z',
        data: 'hidden: BOARD_SHOW_DATA=true shows it',
      },
    },
  })
})

test('with BOARD_SHOW_DATA=true the board shows all of it', async () => {
  const answer = (await (await call(showing, `${api}/msg_1`)).json()) as object
  expect(answer).toMatchObject({ job: { data: job.data, failedReason: job.reason } })
})

describe.each(['hiding', 'showing'] as const)('a console that is %s data', (name) => {
  test.each([
    ['PATCH', 'msg_1/update-data', { jobData: { first_name: 'Eve' } }],
    ['POST', 'add', { name: 'user.created', data: {}, options: {} }],
    ['PUT', 'empty', undefined],
    ['PUT', 'obliterate', { force: true }],
    ['PUT', 'empt%79', undefined],
    ['PATCH', 'msg_1/update-dat%61', { jobData: { first_name: 'Eve' } }],
    ['PATCH', 'msg_1/priority', { priority: 5 }],
    ['PUT', 'clean/waiting', undefined],
    ['PUT', 'clean/delayed', undefined],
    ['PUT', 'job-schedulers/any/remove', undefined],
  ])('refuses %s %s', async (method, path, body) => {
    const board = name === 'hiding' ? hiding : showing
    const answer = await call(board, `${api}/${path}`, body ?? {}, method)
    expect(answer.status).toBe(403)
    const opened = await openReady(queue.location)
    expect(await bullQueueOf(opened).getJobCountByTypes('failed', 'waiting')).toBe(1)
    expect((await bullQueueOf(opened).getJob('msg_1'))?.data).toEqual(job.data)
    await opened.close()
  })
})
