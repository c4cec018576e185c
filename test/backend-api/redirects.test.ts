import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  ApiRefusedError,
  clerkApiUrl,
  createBackendApi,
  createRateLimiter,
} from '@clerk-sync/events/backend-api'
import { expect, onTestFinished, test } from 'vitest'
import { errorOf } from './error-of.ts'
import { unlimited } from './open-api.ts'

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const apiAt = (url: string) =>
  createBackendApi({ secretKey: 'sk_test_1', url, rateLimiter: createRateLimiter(unlimited) })

test.for([301, 302, 303, 307, 308])(
  'a redirect to another origin is not followed, and is an error',
  async (status) => {
    const told: unknown[] = []
    const other = await serve((request, response) => {
      told.push(request.url)
      response.end('[]')
    })
    const url = await serve((request, response) => {
      response.writeHead(status, { location: `${other}${request.url}` }).end()
    })
    const error = await errorOf(apiAt(url).get('/users', { user_id: ['user_1'] }))
    expect(error).toBeInstanceOf(ApiRefusedError)
    expect(error).toMatchObject({
      message: expect.stringContaining(
        `Clerk answered ${status} to /users, a redirect to ${other}`,
      ),
    })
    expect(error).not.toMatchObject({ message: expect.stringContaining('user_1') })
    expect(told).toEqual([])
  },
)

test('a redirect within the origin is followed, but not for ever', async () => {
  const url = await serve((request, response) => {
    if (request.url?.endsWith('/')) response.end('{"id":"ins_1"}')
    else if (request.url?.startsWith('/v1/instance')) {
      response.writeHead(308, { location: `${request.url}/` }).end()
    } else response.writeHead(302, { location: request.url ?? '' }).end()
  })
  expect(await apiAt(url).get('/instance')).toEqual({ id: 'ins_1' })
  expect(await errorOf(apiAt(url).get('/users'))).toBeInstanceOf(ApiRefusedError)
})

test.for([
  ['https://api.clerk.com/v1', 'https://api.clerk.com'],
  ['https://api.clerk.com/v1/', 'https://api.clerk.com'],
  ['https://proxy.example/clerk/v1//', 'https://proxy.example/clerk'],
  ['https://api.clerk.com//', 'https://api.clerk.com'],
])('CLERK_API_URL may be %s', ([text, url]) => {
  expect(clerkApiUrl.parse(text)).toBe(url)
})

test.for(['https://api.clerk.com/?a=1', 'https://api.clerk.com/#v1'])(
  'CLERK_API_URL may not be %s',
  (text) => {
    expect(clerkApiUrl.safeParse(text).error?.message).toContain('must not have a query')
  },
)
