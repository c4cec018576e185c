import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boardPath } from '../src/render-page.ts'
import type { Console } from '../src/index.ts'
import { boardUrl, clerkLogin, organization, signedIn, signSessionToken } from './clerk-session.ts'
import type { SessionToken } from './clerk-session.ts'
import { authorization, createTestQueue, openConsole, untilReady } from './open-console.ts'
import type { TestQueue } from './open-console.ts'

let queue: TestQueue
let board: Console

beforeAll(async () => {
  queue = await createTestQueue('redis')
  board = await openConsole(queue.location, { login: clerkLogin })
  await untilReady(board)
})

afterAll(async () => {
  await board.close()
  await queue.drop()
})

const page = { accept: 'text/html', 'sec-fetch-dest': 'document' }
const api = `${boardPath}/api/queues`

async function call(
  path: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<Response> {
  const url = new URL(path, board.boardUrl)
  return await fetch(url, { method, headers, redirect: 'manual' })
}

describe('lets in', () => {
  test.each<[who: string, token: SessionToken]>([
    ['a user who is named', {}],
    ['a role of the organization', member(organization, 'org:operator')],
  ])('%s', async (_, token) => {
    expect((await call(boardPath, { ...page, ...signedIn(token) })).status).toBe(200)
    expect((await call(api, signedIn(token))).status).toBe(200)
    expect((await call('/replay', { ...page, ...signedIn(token) })).status).toBe(200)
  })
})

describe('does not let in', () => {
  test.each<[who: string, token: SessionToken]>([
    ['any other user', { userId: 'user_other' }],
    ['another role of the organization', member(organization, 'org:member')],
    ['the same role in an organization of their own', member('org_own', 'org:operator')],
  ])('%s, and says who could change that', async (_, token) => {
    const refused = await call(boardPath, { ...page, ...signedIn(token) })
    expect(refused.status).toBe(403)
    expect(await refused.text()).toMatch(/user_other[^]*BOARD_CLERK_USERS/)
    const answer = await call(api, signedIn(token))
    expect([answer.status, await answer.json()]).toEqual([403, { error: 'not_allowed' }])
  })

  test.each<[which: string, token: SessionToken]>([
    ['of another key', { isForeign: true }],
    ['for another origin', { origin: 'https://blog.example.com' }],
    ['with tasks left', { isPending: true }],
    ['that has expired', { expiredForSeconds: 30 }],
  ])('a session %s', async (_, token) => {
    const answer = await call(api, signedIn(token))
    expect([answer.status, await answer.json()]).toEqual([401, { error: 'signed_out' }])
    expect((await call(boardPath, { ...page, ...signedIn(token) })).status).not.toBe(200)
  })

  test('nobody in particular, to no page, file or call', async () => {
    for (const path of ['/', boardPath, `${boardPath}/static/favicon.ico`, api, '/replay']) {
      expect((await call(path, {})).status).toBe(401)
    }
    expect((await call('/replay', {}, 'POST')).status).toBe(401)
  })

  test('strangers to ask Clerk for a handshake as often as they like', async () => {
    const attempts = Array.from({ length: 30 }, (_, probe) =>
      call(`${boardPath}?__clerk_handshake_nonce=${probe}`, page),
    )
    const refused = (await Promise.all(attempts)).filter(({ status }) => status === 429)
    // Four at once, twenty wait.
    expect(refused.length).toBeOneOf([4, 5, 6])
    expect(await refused[0]?.text()).toMatch(/too many/i)
  })

  test('a password, or a token in another place than the cookie', async () => {
    const bearer = { authorization: `Bearer ${signSessionToken({})}` }
    expect((await call(api, bearer)).status).toBe(401)
    expect((await call(api, { authorization: 'Bearer ak_anything' })).status).toBe(401)
    expect((await call(api, authorization())).status).toBe(401)
  })
})

test('who is signed out is sent to sign in, and back to where they wanted', async () => {
  const wanted = `${boardPath}/queue/clerk-events?status=failed`
  const answer = await call(wanted, {
    ...page,
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
  })
  expect(answer.status).toBe(302)
  const signIn = new URL(answer.headers.get('location') ?? '')
  expect(signIn.origin + signIn.pathname).toBe('https://accounts.example.com/sign-in')
  expect(signIn.searchParams.get('redirect_url')).toBe(boardUrl + wanted)
})

test('a request that names a whole address is sent back to the console all the same', async () => {
  const { port } = new URL(board.boardUrl)
  const asked = request({ port, path: `http://evil.example${boardPath}?a=1`, headers: page }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const signIn = new URL(answer.resume().headers.location ?? '')
  expect(signIn.searchParams.get('redirect_url')).toBe(`${boardUrl}${boardPath}?a=1`)
})

test('an expired session is renewed with a page, by way of Clerk', async () => {
  const answer = await call(boardPath, { ...page, ...signedIn({ expiredForSeconds: 30 }) })
  expect(answer.status).toBe(307)
  const handshake = new URL(answer.headers.get('location') ?? '')
  expect(handshake.origin + handshake.pathname).toBe(
    'https://clerk.example.com/v1/client/handshake',
  )
  expect(handshake.searchParams.get('redirect_url')).toBe(boardUrl + boardPath)
})

test('a form that is sent after the session has ended changes nothing, and says so on a page', async () => {
  const headers = {
    ...page,
    ...signedIn({ expiredForSeconds: 30 }),
    'sec-fetch-site': 'same-origin',
  }
  const answer = await call('/replay', headers, 'POST')
  expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'text/html'])
  expect(await answer.text()).toMatch(/session has ended[^]*href="\/replay"/)
})

test('a session that can not be trusted leads to no circle of redirects', async () => {
  const answer = await call(boardPath, { ...page, ...signedIn({ isForeign: true }) })
  expect(answer.status).toBe(401)
  expect(await answer.text()).toMatch(/token-invalid-signature[^]*accounts\.example\.com/)
})

test('another site changes nothing, though the browser sends the session along', async () => {
  const headers = {
    ...signedIn({}),
    'sec-fetch-site': 'same-site',
    origin: 'https://blog.example.com',
  }
  const answer = await call('/replay', headers, 'POST')
  expect([answer.status, await answer.json()]).toEqual([403, { error: 'cross_site' }])
})

function member(inOrganization: string, role: string): SessionToken {
  return { userId: 'user_other', member: { organization: inOrganization, role } }
}
