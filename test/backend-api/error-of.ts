import { expect } from 'vitest'

/** What a promise fails with, which it must. */
export function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it did not fail'),
    (error: unknown) => error,
  )
}
