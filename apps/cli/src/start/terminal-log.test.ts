import { expect, test } from 'vitest'
import { renderLogLine } from './terminal-log.ts'

const time = new Date(2026, 0, 2, 3, 4, 5).toISOString()

test('a line is one line, with the innermost cause and without what only machines read', () => {
  const line = {
    level: 'warn',
    time,
    name: 'clerk-sync',
    app: 'worker',
    svixId: 'msg_1',
    jobId: 'msg_1',
    attempt: 1,
    final: false,
    trace_id: 'abc',
    from: { '::1': 2 },
    error: { message: 'refused', cause: { message: 'line one\nline two \u001B[2J' } },
    msg: 'event failed',
  }
  expect(renderLogLine(JSON.stringify(line))).toBe(
    '03:04:05 warn worker: event failed, it is retried: refused: line one line two [2J  svixId=msg_1  attempt=1',
  )
})

test('a line of no app is of the whole', () => {
  const line = { level: 'fatal', time, name: 'clerk-sync', msg: 'ended' }
  expect(renderLogLine(JSON.stringify(line))).toBe('03:04:05 fatal clerk-sync: ended')
})
