import { expect, test, vi } from 'vitest'
import { retry } from './retry.ts'

function failing(times: number) {
  let calls = 0
  return async () => {
    calls += 1
    if (calls <= times) throw new Error(`failure ${calls}`)
    return calls
  }
}

test('gives the result of the first attempt that succeeds', async () => {
  await expect(retry(failing(2), { firstDelayMs: 1 })).resolves.toBe(3)
})

test('waits twice as long after each failure, up to the longest delay', async () => {
  const waits: number[] = []
  const onRetry = ({ inMs }: { inMs: number }) => void waits.push(inMs)
  await retry(failing(4), { firstDelayMs: 1, longestDelayMs: 4, onRetry })
  expect(waits).toEqual([1, 2, 4, 4])
})

test('makes a share of the wait random', async () => {
  const waits: number[] = []
  const onRetry = ({ inMs }: { inMs: number }) => void waits.push(inMs)
  vi.spyOn(Math, 'random').mockReturnValueOnce(0.5)
  await retry(failing(1), { firstDelayMs: 4, jitter: 0.5, onRetry })
  expect(waits).toEqual([3])
})

test('throws the last error after the last attempt', async () => {
  await expect(retry(failing(9), { firstDelayMs: 1, maxAttempts: 3 })).rejects.toThrow('failure 3')
})

test('throws a final error at once', async () => {
  const isRetryable = (error: unknown) => error instanceof TypeError
  await expect(retry(failing(9), { firstDelayMs: 1, isRetryable })).rejects.toThrow('failure 1')
})

test('begins no attempt after the timeout', async () => {
  const startedAt = Date.now()
  await expect(retry(failing(9), { firstDelayMs: 60_000, timeoutMs: 10 })).rejects.toThrow(
    'failure 1',
  )
  expect(Date.now() - startedAt).toBeLessThan(10_000)
})

test('ends a wait when it is aborted', async () => {
  const stopping = new AbortController()
  const onRetry = () => stopping.abort(new Error('stopping'))
  const ended = retry(failing(9), { firstDelayMs: 60_000, signal: stopping.signal, onRetry })
  await expect(ended).rejects.toMatchObject({
    name: 'AbortError',
    message: 'stopping',
    cause: { message: 'failure 1' },
  })
})

test('keeps the error of an attempt that fails while it is aborted, as the cause', async () => {
  const stopping = new AbortController()
  async function failAfterAbort() {
    stopping.abort()
    throw new Error('the attempt failed')
  }
  const ended = retry(failAfterAbort, { firstDelayMs: 1, signal: stopping.signal })
  await expect(ended).rejects.toMatchObject({
    name: 'AbortError',
    cause: { message: 'the attempt failed' },
  })
})

test('throws the reason itself when the attempt does', async () => {
  const stopping = new AbortController()
  async function failWithReason() {
    stopping.abort()
    stopping.signal.throwIfAborted()
  }
  const ended = retry(failWithReason, { firstDelayMs: 1, signal: stopping.signal })
  const error: unknown = await ended.catch((reason: unknown) => reason)
  expect(error).toBe(stopping.signal.reason)
})
