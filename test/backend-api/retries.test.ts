import { inspect } from 'node:util'
import type { Fault } from '@clerk-sync/fake-clerk'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ApiUnavailableError, createRateLimiter } from '@clerk-sync/events/backend-api'
import { errorOf } from './error-of.ts'
import { apiOf, openApi, unlimited } from './open-api.ts'

vi.mock('node:timers/promises', () => import('./virtual-sleep.ts'))

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => vi.useRealTimers())

describe('a request is tried again', () => {
  test.for<[string, Fault, string | RegExp]>([
    ['after a 500', { status: 500 }, '500 internal_clerk_error'],
    ['after a 503', { status: 503 }, '503 internal_clerk_error'],
    ['when the connection ends without an answer', { cut: 'before' }, 'other side closed'],
    ['when the connection ends within the answer', { cut: 'middle' }, 'other side closed'],
    ['after half of a JSON', { malformed: true }, 'an answer that is no JSON'],
  ])('%s', async ([, fault, reason]) => {
    const { fake, api, retries } = await openApi({ generatedUsers: 20 })
    fake.faults.add({ ...fault, path: '/v1/users', times: 3 })
    expect(await api.get('/users', { limit: 500 })).toHaveLength(20)
    expect(fake.requests).toHaveLength(4)
    expect(retries.map(({ path }) => path)).toEqual(['/users', '/users', '/users'])
    expect(new Set(retries.map((retry) => retry.reason))).toEqual(new Set([reason]))
  })

  test('when no answer comes in time', async () => {
    const { fake, api, retries } = await openApi({ generatedUsers: 2 }, { requestTimeoutMs: 500 })
    fake.faults.add({ hang: true, times: 1 })
    expect(await api.get('/users')).toHaveLength(2)
    expect(retries[0]).toMatchObject({ path: '/users', reason: 'no answer in time' })
  })

  test('when nobody is there', async () => {
    const { fake, api, retries } = await openApi({}, { budgetMs: 1_000 })
    await fake.close()
    expect(await errorOf(api.get('/users'))).toBeInstanceOf(ApiUnavailableError)
    expect(retries[0]?.reason).toContain('ECONNREFUSED')
  })

  test('after delays that double up to half a minute, up to half of them by chance', async () => {
    const { fake, api, retries } = await openApi()
    fake.faults.add({ status: 503, times: 12 })
    const start = Date.now()
    await api.get('/users')
    const longest = retries.map((_, index) => Math.min(500 * 2 ** index, 30_000))
    const shares = retries.map(({ inMs }, index) => inMs / (longest[index] ?? 0))
    expect(shares).toHaveLength(12)
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.5)
    expect(Math.max(...shares)).toBeLessThanOrEqual(1)
    expect(new Set(shares).size).toBeGreaterThan(1)
    const waited = retries.reduce((sum, { inMs }) => sum + inMs, 0)
    expect(Date.now() - start).toBeGreaterThanOrEqual(Math.floor(waited) - retries.length)
  })
})

test('an abort ends the wait for the next try', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const { fake, api } = await openApi({}, { signal, onRetry: () => controller.abort() })
  fake.faults.add({ status: 503 })
  const start = Date.now()
  expect(await errorOf(api.get('/users'))).toMatchObject({ name: 'AbortError' })
  expect(fake.requests).toHaveLength(1)
  expect(Date.now()).toBe(start)
})

describe('Retry-After', () => {
  const rateLimit = { requests: 0, windowMs: 60_000, retryAfterSeconds: 7 }

  test('is obeyed', async () => {
    const { fake, api, retries } = await openApi({ generatedUsers: 2 }, { onRetry: () => lift() })
    const lift = fake.faults.add({ rateLimit })
    expect(await api.get('/users')).toHaveLength(2)
    expect(retries).toEqual([{ path: '/users', reason: '429 too_many_requests', inMs: 7_000 }])
    const [first, second] = fake.requests.map(({ at }) => at)
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(7_000)
  })

  test('delays all who share the rate limit', async () => {
    const rateLimiter = createRateLimiter(unlimited)
    const { fake, api } = await openApi({}, { rateLimiter, budgetMs: 1_000 })
    const other = apiOf(fake, { rateLimiter }).api
    const lift = fake.faults.add({ rateLimit, path: '/v1/users' })
    expect(await errorOf(api.get('/users'))).toBeInstanceOf(ApiUnavailableError)
    lift()
    await other.get('/waitlist_entries')
    const [first, second] = fake.requests
    expect(second?.path).toBe('/v1/waitlist_entries')
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(7_000)
  })

  test('of a day holds up nobody longer than ten minutes', async () => {
    const pauses: number[] = []
    const rateLimiter = {
      ...createRateLimiter(unlimited),
      pause: async (ms: number) => void pauses.push(ms),
    }
    const { fake, api } = await openApi({}, { rateLimiter, budgetMs: 60_000 })
    fake.faults.add({ rateLimit: { ...rateLimit, retryAfterSeconds: 86_400 } })
    expect(await errorOf(api.get('/users'))).toBeInstanceOf(ApiUnavailableError)
    expect(fake.requests).toHaveLength(1)
    expect(pauses).toEqual([600_000])
  })
})

describe('the budget', () => {
  test('ends the tries with an error that names the path and the reason', async () => {
    const { fake, api, retries } = await openApi({}, { budgetMs: 120_000 })
    fake.faults.add({ status: 503 })
    const start = Date.now()
    const error = await errorOf(api.get('/organizations', { query: 'ada@example.com' }))
    expect(error).toBeInstanceOf(ApiUnavailableError)
    expect(error).toMatchObject({
      code: 'ERR_API_UNAVAILABLE',
      message: "Clerk's API did not answer /organizations: 503 internal_clerk_error",
    })
    expect(retries.length).toBeGreaterThan(5)
    expect(fake.requests).toHaveLength(retries.length + 1)
    expect(Date.now() - start).toBeLessThanOrEqual(120_000)
  })

  test('is each request of its own', async () => {
    const { fake, api } = await openApi({}, { budgetMs: 20_000 })
    for (let turn = 0; turn < 5; turn += 1) {
      fake.faults.add({ status: 503, times: 4 })
      await api.get('/users')
    }
    expect(fake.requests).toHaveLength(25)
  })
})

test.for<Fault>([
  { status: 500 },
  { cut: 'before' },
  { cut: 'middle' },
  { malformed: true },
  { hang: true },
  { rateLimit: { requests: 0, windowMs: 60_000, retryAfterSeconds: 1 } },
])('the secret key is in nothing that is told of %j', async (fault) => {
  const secretKey = 'sk_test_veryLongSecret'
  const options = { budgetMs: 5_000, requestTimeoutMs: 300 }
  const { fake, api, retries } = await openApi({ secretKey, generatedUsers: 5 }, options)
  fake.faults.add(fault)
  const error = await errorOf(api.get('/users'))
  expect(error).toBeInstanceOf(ApiUnavailableError)
  expect(retries.length).toBeGreaterThan(0)
  expect(inspect([error, retries], { depth: Infinity, showHidden: true })).not.toContain(
    'veryLongSecret',
  )
})
