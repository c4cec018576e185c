import { expect, test } from 'vitest'
import { buildPathTest } from './path-pattern.ts'

test.for([
  ['/v1/users', '/v1/users', true],
  ['/v1/users', '/v1/users/count', false],
  ['/v1/users/*', '/v1/users/user_1', true],
  ['/v1/users/*', '/v1/users', false],
  ['/v1/organizations/*/memberships', '/v1/organizations/org_1/memberships', true],
  ['/v1/organizations/*/memberships', '/v1/organizations/a/b/memberships', false],
  ['/v1/**', '/v1/organizations/org_1/memberships', true],
  ['/v1/user.', '/v1/users', false],
] as const)('%s against %s', ([pattern, path, expected]) => {
  expect(buildPathTest(pattern)(path)).toBe(expected)
})
