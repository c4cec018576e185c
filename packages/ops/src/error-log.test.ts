import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createErrorLog } from './error-log.ts'
import { createLogger } from './process/logger.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test.each(['warn', 'error'] as const)(
  'logs the first error at once, at level %s, and counts those that follow within 10 s',
  (level) => {
    const lines: { msg: string; leftOut?: number }[] = []
    const stream = { write: (line: string) => void lines.push(JSON.parse(line)) }
    const logger = createLogger({ name: 'test', level: 'info' }, stream)
    const onError = createErrorLog(logger, 'connection error', { level })
    for (let second = 0; second < 21; second++) {
      onError(new Error('refused'))
      vi.advanceTimersByTime(1_000)
    }
    expect(lines).toMatchObject([
      { level, msg: 'connection error' },
      { level, leftOut: 9 },
      { level, leftOut: 9 },
    ])
  },
)
