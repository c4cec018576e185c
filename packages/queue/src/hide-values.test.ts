import { expect, test } from 'vitest'
import { groupReason, hideValues } from './hide-values.ts'

test.each([
  'invalid input syntax for type timestamp: "ada@example.com"',
  'Key (email)=(ada@example.com) already exists.',
  'no route from 203.0.113.7 to ada@example.com',
  "can't cast 'Ada Lovelace' to a number of +44 20 7946 0958",
  'read from 2001:db8:85a3:0:0:8a2e:370:7334 failed',
  'Invalid value `Ada Lovelace` for 203.0.113.7',
])('a reason is shown without the values in it: %s', (reason) => {
  expect(hideValues(reason)).not.toMatch(/ada|lovelace|example\.com|203\.0|2001:|7946/i)
})

test.each([
  'the database refused the statement: SQLSTATE 23514 (table users, constraint users_check)',
  "user.updated can't be read: data.created_at is a string, expected a time in milliseconds",
  'job stalled more than allowable limit',
  'connect ECONNREFUSED',
])('a reason of the worker is shown unchanged: %s', (reason) => {
  expect(hideValues(reason)).toBe(reason)
})

test('failures of one kind are one group, whatever the id', () => {
  const one = groupReason('user_2g7nXbYt0GqJ3tq5zD is deleted since 1733000000000\n  at stack')
  expect(one).toBe(groupReason('user_9ZZnXbYt0GqJ3tq5zD is deleted since 1733000000001'))
  expect(groupReason('SQLSTATE 23514')).not.toBe(groupReason('SQLSTATE 23505'))
})
