import { expect, test } from 'vitest'
import { summarize } from './summarize.ts'

test.each([
  ['INSERT INTO clerk.users AS known (id) SELECT id FROM input', 'INSERT users', 'users'],
  ['SELECT id FROM clerk.users JOIN clerk.tombstones USING (id)', 'SELECT users tombstones'],
  ['SELECT id FROM clerk.users UNION SELECT id FROM clerk.users', 'SELECT users', 'users'],
  [
    'WITH gone AS (DELETE FROM clerk.roles) INSERT INTO clerk.roles SELECT 1',
    'DELETE roles INSERT roles',
    'roles',
  ],
  ["\n  SELECT set_config('a', 'b', true)", 'SELECT'],
  ['SELECT pg_advisory_xact_lock(1)::text', 'SELECT pg_advisory_xact_lock'],
])('%s is %s', (text, summary, table?: string) => {
  expect(summarize(text)).toMatchObject({ summary })
  expect(summarize(text).table).toBe(table)
})
