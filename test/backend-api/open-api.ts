import { createFakeClerk } from '@clerk-sync/fake-clerk'
import type { FakeClerk, FakeClerkOptions } from '@clerk-sync/fake-clerk'
import { onTestFinished } from 'vitest'
import { createBackendApi, createRateLimiter } from '@clerk-sync/events/backend-api'
import type { BackendApi, BackendApiOptions } from '@clerk-sync/events/backend-api'

type Retry = Parameters<NonNullable<BackendApiOptions['onRetry']>>[0]

export interface OpenApi {
  readonly fake: FakeClerk
  readonly api: BackendApi
  /** What onRetry was told. */
  readonly retries: Retry[]
}

export const unlimited = { requests: 1e9, perMs: 1 }

/** A fake Clerk, closed with the test, and the API of it. */
export async function openApi(
  world: FakeClerkOptions = {},
  options: Partial<BackendApiOptions> = {},
): Promise<OpenApi> {
  const fake = await createFakeClerk(world)
  onTestFinished(() => fake.close())
  return { fake, ...apiOf(fake, options) }
}

/** One more API of the same fake. */
export function apiOf(fake: FakeClerk, options: Partial<BackendApiOptions> = {}) {
  const retries: Retry[] = []
  const api = createBackendApi({
    secretKey: fake.secretKey,
    url: fake.url,
    rateLimiter: createRateLimiter(unlimited),
    ...options,
    onRetry: (retry) => {
      retries.push(retry)
      options.onRetry?.(retry)
    },
  })
  return { api, retries }
}
