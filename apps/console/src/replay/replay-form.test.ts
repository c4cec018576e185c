import { expect, test } from 'vitest'
import { readReplayForm, toSelection } from './replay-form.ts'

const selectionOf = (query: string) => toSelection(readReplayForm(new URLSearchParams(query)))

test('an empty form means all failed jobs', () => {
  expect(selectionOf('type=&reason=+&from=&to=')).toEqual({ ok: true, selection: {} })
})

test('times are UTC, and a time without seconds means its whole minute', () => {
  const read = selectionOf(
    'type=user.created&reason=23514&from=2026-11-30T14:05&to=2026-11-30T14:05',
  )
  const selection = {
    types: ['user.created'],
    reason: '23514',
    since: Date.UTC(2026, 10, 30, 14, 5),
    until: Date.UTC(2026, 10, 30, 14, 5, 59, 999),
  }
  expect(read).toEqual({ ok: true, selection })
})

test('a time with seconds means that second', () => {
  const until = Date.UTC(2026, 10, 30, 14, 5, 7, 999)
  expect(selectionOf('to=2026-11-30T14:05:07')).toEqual({ ok: true, selection: { until } })
})

test('invalid events are selected only when they are asked for', () => {
  expect(selectionOf('invalid=true')).toEqual({ ok: true, selection: { includeInvalid: true } })
})

test.each([
  ['from=yesterday', 'From must be a time'],
  ['to=2026-13-41T99:99', 'To must be a time'],
  ['from=2026-11-30T14:06&to=2026-11-30T14:05', 'From is later than To'],
])('what can not be is said: %s', (query, problem) => {
  expect(selectionOf(query)).toMatchObject({ ok: false, problem: expect.stringContaining(problem) })
})
