import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeClerk } from '../src/index.ts'
import type { FakeClerk } from '../src/index.ts'
import { ask, askForIds, askRefused } from './ask.ts'

let fake: FakeClerk

beforeEach(async () => {
  fake = await createFakeClerk({ generatedUsers: 600 })
})

afterEach(() => fake.close())

const list = '/v1/users?limit=500'
const fetchRaw = async (path: string, signal?: AbortSignal) =>
  await fetch(`${fake.url}${path}`, {
    headers: { authorization: `Bearer ${fake.secretKey}` },
    ...(signal ? { signal } : {}),
  })

describe('a rate limit', () => {
  test('blocks an endpoint, not the others, and says for how long', async () => {
    const lift = fake.faults.add({ rateLimit: { requests: 2, windowMs: 60_000 } })
    expect((await ask(fake, list)).status).toBe(200)
    expect((await ask(fake, '/v1/users')).status).toBe(200)
    const { status, body, headers } = await ask(fake, list)
    expect(status).toBe(429)
    expect(headers.get('retry-after')).toBe('60')
    expect(body).toMatchObject({ errors: [{ code: 'too_many_requests' }] })
    expect((await ask(fake, '/v1/users/count')).status).toBe(200)
    lift()
    expect((await ask(fake, list)).status).toBe(200)
  })

  test('counts an endpoint whatever the ids in its path', async () => {
    fake.faults.add({ rateLimit: { requests: 1, windowMs: 60_000 } })
    expect(await askRefused(fake, '/v1/users/user_1')).toBe('404 resource_not_found')
    expect(await askRefused(fake, '/v1/users/user_2')).toBe('429 too_many_requests')
  })

  test('ends with its window', async () => {
    const rateLimit = { requests: 1, windowMs: 30, retryAfterSeconds: 0 }
    fake.faults.add({ rateLimit, path: '/v1/users' })
    await ask(fake, list)
    await sleep(40)
    expect((await ask(fake, list)).status).toBe(200)
  })
})

describe('failures', () => {
  test('come for the next requests to a path', async () => {
    fake.faults.add({ status: 503, path: '/v1/users', times: 2 })
    expect(await askRefused(fake, list)).toBe('503 internal_clerk_error')
    expect((await ask(fake, '/v1/users/count')).status).toBe(200)
    expect(await askRefused(fake, list)).toBe('503 internal_clerk_error')
    expect((await ask(fake, list)).status).toBe(200)
    expect(fake.requests.map(({ status }) => status)).toEqual([503, 200, 503, 200])
  })

  test('come by chance, the same for the same seed', async () => {
    const draw = async () => {
      const lift = fake.faults.add({ status: 500, probability: 0.5, seed: 3 })
      const statuses: number[] = []
      for (let turn = 0; turn < 20; turn += 1) {
        statuses.push((await ask(fake, '/v1/users/count')).status)
      }
      lift()
      return statuses
    }
    const first = await draw()
    expect(new Set(first)).toEqual(new Set([200, 500]))
    expect(await draw()).toEqual(first)
  })
})

describe('broken connections', () => {
  test('end before an answer', async () => {
    fake.faults.add({ cut: 'before', times: 1 })
    await expect(fetchRaw(list)).rejects.toThrow('fetch failed')
    expect(fake.requests.map(({ status }) => status)).toEqual([undefined])
    expect((await ask(fake, list)).status).toBe(200)
  })

  test('end in the middle of an answer', async () => {
    fake.faults.add({ cut: 'middle', times: 1 })
    const response = await fetchRaw(list)
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow('terminated')
  })

  test('hang until the client gives up, and hinder nobody', async () => {
    fake.faults.add({ hang: true, path: '/v1/users' })
    const hanging = fetchRaw(list, AbortSignal.timeout(50))
    expect((await ask(fake, '/v1/users/count')).status).toBe(200)
    await expect(hanging).rejects.toThrow('aborted')
  })

  test('that hang end with the fake', async () => {
    fake.faults.add({ hang: true })
    const hanging = fetchRaw(list).catch((error: unknown) => String(error))
    await sleep(20)
    await fake.close()
    expect(await hanging).toBe('TypeError: fetch failed')
    fake = await createFakeClerk()
  })
})

test('malformed JSON is whole as far as HTTP can tell', async () => {
  fake.faults.add({ malformed: true, times: 1 })
  const text = await (await fetchRaw(list)).text()
  expect(text.startsWith('[{"object":"user"')).toBe(true)
  expect(() => JSON.parse(text)).toThrow(SyntaxError)
})

test('a slow answer is late, also together with another fault', async () => {
  fake.faults.add({ delayMs: 60, times: 1 })
  fake.faults.add({ status: 500, times: 1 })
  const start = performance.now()
  expect(await askRefused(fake, list)).toBe('500 internal_clerk_error')
  expect(performance.now() - start).toBeGreaterThan(55)
})

test('the clock can be wrong', async () => {
  fake.faults.clockSkewMs = -3_600_000
  const { headers } = await ask(fake, list)
  const date = Date.parse(headers.get('date') ?? '')
  expect(Math.abs(Date.now() - 3_600_000 - date)).toBeLessThan(5000)
  fake.faults.clear()
  expect(fake.faults.clockSkewMs).toBe(0)
})

describe('a hook', () => {
  test('is called before each answer to its paths that no fault prevents', async () => {
    const pages: (string | null)[] = []
    fake.faults.add({ status: 500, path: '/v1/users', times: 1 })
    const stop = fake.faults.beforeAnswer('/v1/users', ({ page, query }) => {
      pages.push(`${page} ${query.get('limit')}`)
    })
    await ask(fake, '/v1/users?limit=1')
    await ask(fake, '/v1/users?limit=2')
    await ask(fake, '/v1/users/count')
    await ask(fake, '/v1/users?limit=3')
    stop()
    await ask(fake, '/v1/users?limit=4')
    expect(pages).toEqual(['1 2', '2 3'])
  })

  test('changes the world before the answer is made', async () => {
    fake.faults.beforeAnswer('/v1/users', async () => {
      await sleep(5)
      fake.world.createUser({ id: 'user_late' })
    })
    expect((await askForIds(fake, '/v1/users'))[0]).toBe('user_late')
  })
})

describe('every answer', () => {
  test('has the type that the SDK asks for, to the letter', async () => {
    for (const path of [list, '/v1/users/unknown', '/nowhere']) {
      expect((await ask(fake, path)).headers.get('content-type')).toBe('application/json')
    }
  })

  test('needs the key as a bearer token', async () => {
    expect(await askRefused(fake, list, 'wrong')).toBe('401 clerk_key_invalid')
    expect(await askRefused(fake, list, '')).toBe('401 authorization_header_format_invalid')
  })

  test('to an unknown path or another method is a refusal', async () => {
    expect(await askRefused(fake, '/v1/nothing')).toBe('404 resource_not_found')
    expect(await askRefused(fake, '/v1/users/%E0%A4%A')).toBe('404 resource_not_found')
    const response = await fetch(`${fake.url}/v1/users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${fake.secretKey}` },
    })
    expect(response.status).toBe(501)
  })

  test('is in the log with its query and time', async () => {
    const before = Date.now()
    await ask(fake, '/v1/users?limit=3')
    const [logged] = fake.requests
    expect(logged).toMatchObject({ method: 'GET', path: '/v1/users', status: 200 })
    expect(logged?.query.get('limit')).toBe('3')
    expect(logged?.at).toBeGreaterThanOrEqual(before)
  })
})
