import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createErrorLog } from './error-log.ts'
import { createLogger } from './logger.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('logs the first error at once and sums up those that follow', () => {
  const lines: { msg: string; leftOut?: number }[] = []
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const onError = createErrorLog(createLogger({ name: 'test', level: 'info' }, stream), 'trouble')
  for (let second = 0; second < 21; second++) {
    onError(new Error('refused'))
    vi.advanceTimersByTime(1_000)
  }
  expect(lines).toMatchObject([{ msg: 'trouble' }, { leftOut: 9 }, { leftOut: 9 }])
})
