import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boardPath } from '../src/render-page.ts'
import type { Console } from '../src/index.ts'
import { authorization, createTestQueue, login, openConsole } from './open-console.ts'
import type { TestQueue } from './open-console.ts'

let queue: TestQueue
let board: Console

beforeAll(async () => {
  queue = await createTestQueue('redis')
  board = await openConsole(queue.location)
})

afterAll(async () => {
  await board.close()
  await queue.drop()
})

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(new URL(path, board.boardUrl), { headers, redirect: 'manual' })
}

async function findScript(): Promise<string> {
  const page = await (await get(boardPath, authorization())).text()
  const name = /src="(static\/js\/main[^"]+)"/.exec(page)?.[1] ?? 'no script in the page'
  return `${boardPath}/${name}`
}

const paths = {
  'the front door': async () => '/',
  'the page': async () => boardPath,
  'the page of a queue': async () => `${boardPath}/queue/clerk-events`,
  'a static file': findScript,
  'the API': async () => `${boardPath}/api/queues`,
}

describe.each(Object.entries(paths))('%s', (_, path) => {
  test('asks for a login', async () => {
    const answer = await get(await path())
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="clerk-sync"/)
  })

  test.each([
    ['user', { ...login, user: 'root' }],
    ['password', { ...login, password: `${login.password}!` }],
    ['and empty user and password', { user: '', password: '' }],
  ])('refuses a wrong %s', async (_name, wrong) => {
    expect((await get(await path(), authorization(wrong))).status).toBe(401)
  })

  test('opens with the right login', async () => {
    expect((await get(await path(), authorization())).status).toBeOneOf([200, 302])
  })

  test('forbids frames and the guessing of content types', async () => {
    const { headers } = await get(await path(), authorization())
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })
})

test('a change without a login is refused as well', async () => {
  const url = `${board.boardUrl}/api/queues/pause`
  expect((await fetch(url, { method: 'PUT' })).status).toBe(401)
})

test('the home page leads to the other pages and says where it is', async () => {
  const page = await (await get('/', authorization())).text()
  expect(page).toMatch(/<a href="\/" aria-current="page"\s*>\s*Home/)
  for (const path of ['/replay', boardPath]) expect(page).toContain(`<a href="${path}"`)
})

test('no cache keeps what the API says', async () => {
  const answer = await get(`${boardPath}/api/queues`, authorization())
  expect(answer.headers.get('cache-control')).toBe('no-store')
})

test('the browser may keep the static files', async () => {
  const answer = await get(await findScript(), authorization())
  expect(answer.headers.get('cache-control')).not.toContain('no-store')
})
