import { parseRedisUrl } from '@clerk-sync/queue'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Console } from '../src/index.ts'
import { authorization, openConsole } from './open-console.ts'

let board: Console

// Nothing listens there.
beforeAll(async () => {
  const address = parseRedisUrl('redis://127.0.0.1:1')
  board = await openConsole({ kind: 'redis', address, prefix: '{none}' })
})
afterAll(() => board.close())

const known = authorization()
interface Sent {
  readonly method?: string
  readonly body?: string
  readonly headers?: Record<string, string>
}

const post = { method: 'POST', body: 'x' }

test.each([
  ['a login that is missing', '/', {}, 401, 'You are not logged in'],
  [
    'a wrong password',
    '/board',
    { headers: authorization({ user: 'operator', password: 'guess' }) },
    401,
    'You are not logged in',
  ],
  ['an unknown page', '/nowhere', { headers: known }, 404, 'There is no such page'],
  ['an unknown file', '/board/static/no.js', { headers: known }, 404, 'There is no such page'],
  ['an address that can not be decoded', '/%zz', {}, 400, 'This request can’t be read'],
  [
    'a change from another site',
    '/replay',
    { ...post, headers: { ...known, 'sec-fetch-site': 'cross-site' } },
    403,
    'This was not allowed',
  ],
  [
    'what is no form',
    '/replay',
    { ...post, headers: { ...known, 'content-type': 'text/x' } },
    415,
    'This is not a form of the console',
  ],
  [
    'a queue that does not answer',
    '/board/api/queues/clerk-events/msg_1',
    { headers: known },
    500,
    'The console can’t answer',
  ],
] as [string, string, Sent, number, string][])(
  'the answer to %s is a page for a browser, and JSON for others',
  async (_, path, request, status, title) => {
    const get = async (accept: string) =>
      await fetch(new URL(path, board.boardUrl), {
        ...request,
        headers: { ...request.headers, accept },
      })
    const page = await get('text/html,application/xhtml+xml,*/*;q=0.8')
    expect(page.status).toBe(status)
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(page.headers.has('www-authenticate')).toBe(status === 401)
    expect(await page.text()).toContain(`<h1>${title}</h1>`)
    const json = await get('application/json')
    expect(json.status).toBe(status)
    expect(await json.json()).toHaveProperty('error')
  },
)
