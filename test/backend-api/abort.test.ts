import { setImmediate } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { createRateLimiter } from '@clerk-sync/events/backend-api'
import { errorOf } from './error-of.ts'
import { openApi, unlimited } from './open-api.ts'

// Each of the waits would last an hour: that a test ends is its proof.
const hour = 3_600_000

test('an abort ends a request that hangs', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const { fake, api, retries } = await openApi({}, { signal, requestTimeoutMs: hour })
  fake.faults.add({ hang: true })
  const error = errorOf(api.get('/users'))
  await vi.waitFor(() => expect(fake.requests).toHaveLength(1), { timeout: 20_000 })
  controller.abort(new Error('enough'))
  expect(await error).toMatchObject({ message: 'enough' })
  expect(retries).toEqual([])
})

test('an abort ends the wait that Retry-After asks for', async () => {
  const controller = new AbortController()
  const { fake, api } = await openApi(
    {},
    {
      signal: controller.signal,
      budgetMs: 2 * hour,
      onRetry: () => void setImmediate().then(() => controller.abort()),
    },
  )
  fake.faults.add({ rateLimit: { requests: 0, windowMs: hour, retryAfterSeconds: 3_600 } })
  await expect(api.get('/users')).rejects.toMatchObject({ name: 'AbortError' })
  expect(fake.requests).toHaveLength(1)
})

test('an abort ends the wait for a turn', async () => {
  const controller = new AbortController()
  const rateLimiter = createRateLimiter(unlimited)
  await rateLimiter.pause(hour)
  const { fake, api } = await openApi({}, { rateLimiter, signal: controller.signal })
  const error = errorOf(api.get('/users'))
  await setImmediate()
  controller.abort()
  expect(await error).toMatchObject({ name: 'AbortError' })
  expect(fake.requests).toEqual([])
})

test('nothing is asked once it is aborted', async () => {
  const { fake, api } = await openApi({}, { signal: AbortSignal.abort() })
  await expect(api.get('/users')).rejects.toMatchObject({ name: 'AbortError' })
  expect(fake.requests).toEqual([])
})
