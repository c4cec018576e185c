import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  ApiRefusedError,
  createBackendApi,
  createRateLimiter,
  FeatureNotEnabledError,
  SecretKeyRefusedError,
} from '@clerk-sync/events/backend-api'
import { errorOf } from './error-of.ts'
import { openApi, unlimited } from './open-api.ts'

describe('a request', () => {
  test('carries the key and the version that the answers were read for', async () => {
    const seen: IncomingHttpHeaders[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers)
      response.end('{}')
    })
    onTestFinished(() => void server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}`
    const rateLimiter = createRateLimiter(unlimited)
    await createBackendApi({ secretKey: 'sk_test_1', url, rateLimiter }).get('/instance')
    expect(seen).toEqual([
      expect.objectContaining({
        authorization: 'Bearer sk_test_1',
        'clerk-api-version': '2026-05-12',
        'user-agent': 'clerk-sync',
      }),
    ])
  })

  test('carries its parameters, repeated ones and a + included', async () => {
    const { fake, api } = await openApi({ generatedUsers: 3 })
    const users = (await api.get('/users', { order_by: '+created_at' })) as { id: string }[]
    const ids = users.slice(1).map(({ id }) => id)
    const asked = { user_id: ids, limit: 1, offset: 0, starting_after: undefined }
    expect(await api.get('/users', asked)).toEqual([users[2]])
    const [first, second] = fake.requests.map(({ query }) => [...query])
    expect(first).toEqual([['order_by', '+created_at']])
    expect(second).toEqual([...ids.map((id) => ['user_id', id]), ['limit', '1'], ['offset', '0']])
  })

  test('takes its turn', async () => {
    let taken = 0
    const rateLimiter = { ...createRateLimiter(unlimited), take: async () => void (taken += 1) }
    const { fake, api } = await openApi({}, { rateLimiter })
    fake.faults.add({ malformed: true, times: 1 })
    await api.get('/users')
    expect(taken).toBe(2)
  })
})

describe('an answer', () => {
  test('is the body', async () => {
    const { fake, api } = await openApi()
    const user = fake.world.createUser()
    expect(await api.get(`/users/${user.id}`)).toEqual(user)
  })

  test('is undefined for what Clerk does not have', async () => {
    const { fake, api } = await openApi()
    expect(await api.get('/users/user_unknown')).toBeUndefined()
    expect(fake.requests).toHaveLength(1)
  })
})

describe('a refusal ends the request at once', () => {
  test('of the secret key', async () => {
    const { fake, api, retries } = await openApi({}, { secretKey: 'sk_test_other' })
    const error = await errorOf(api.get('/users'))
    expect(error).toBeInstanceOf(SecretKeyRefusedError)
    expect(error).toMatchObject({ message: expect.stringContaining('401 clerk_key_invalid') })
    expect(inspect(error, { depth: Infinity })).not.toContain('sk_test_other')
    expect([fake.requests.length, retries]).toEqual([1, []])
  })

  test.for(['sk_test_se\ncret', 'sk_test_secret…', 'sk_test_sec ret', ''])(
    'of a secret key that no request can carry, such as %j',
    async (secretKey) => {
      const { fake, api, retries } = await openApi({}, { secretKey })
      const error = await errorOf(api.get('/users'))
      expect(error).toBeInstanceOf(SecretKeyRefusedError)
      expect(inspect(error, { depth: Infinity })).not.toContain('sk_test')
      expect([fake.requests, retries]).toEqual([[], []])
    },
  )

  test('of a feature', async () => {
    const { fake, api, retries } = await openApi({ features: { organizations: false } })
    const error = await errorOf(api.get('/organizations'))
    expect(error).toBeInstanceOf(FeatureNotEnabledError)
    expect(error).toMatchObject({
      message: 'Clerk answered 403 organization_not_enabled_in_instance to /organizations',
    })
    expect([fake.requests.length, retries]).toEqual([1, []])
  })

  test('of a parameter', async () => {
    const { fake, api, retries } = await openApi()
    const error = await errorOf(api.get('/users', { limit: 501 }))
    expect(error).toBeInstanceOf(ApiRefusedError)
    expect(error).toMatchObject({
      status: 422,
      message: 'Clerk answered 422 form_param_value_invalid to /users',
    })
    expect([fake.requests.length, retries]).toEqual([1, []])
  })
})
