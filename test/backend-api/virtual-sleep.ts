import { vi } from 'vitest'

/** A sleep that is over at once and moves the clock on: for tests that fake Date alone. */
export async function setTimeout<T>(
  ms: number,
  value?: T,
  { signal }: { signal?: AbortSignal } = {},
): Promise<T | undefined> {
  signal?.throwIfAborted()
  vi.setSystemTime(Date.now() + ms)
  return value
}
