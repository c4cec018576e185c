import { expect, test } from 'vitest'
import { readConcerned } from './column.ts'
import { organizationMembership } from './organization-membership.ts'
import { organization } from './organization.ts'
import { messages } from './registry.ts'
import { role } from './role.ts'
import { subscription } from './subscription.ts'
import { user } from './user.ts'

test('a user and an organization concern themselves', () => {
  expect(readConcerned(user.concerns, { id: 'user_1' })).toStrictEqual({ user: 'user_1' })
  expect(readConcerned(organization.concerns, { id: 'org_1' })).toStrictEqual({
    organization: 'org_1',
  })
})

test('a membership concerns both, whom it names in the objects inside it', () => {
  const data = { organization: { id: 'org_1' }, public_user_data: { user_id: 'user_1' } }
  expect(readConcerned(organizationMembership.concerns, data)).toStrictEqual({
    user: 'user_1',
    organization: 'org_1',
  })
})

test('a subscription concerns the one who pays, and not the other, whom Clerk calls ""', () => {
  const payer = { user_id: '', organization_id: 'org_1' }
  expect(readConcerned(subscription.concerns, { payer })).toStrictEqual({ organization: 'org_1' })
})

test('a message concerns the user to whom it goes, if it goes to one', () => {
  expect(readConcerned(messages.concerns, { user_id: 'user_1', body: '123456' })).toStrictEqual({
    user: 'user_1',
  })
  expect(readConcerned(messages.concerns, { user_id: null })).toStrictEqual({})
})

test.each([{}, { id: '' }, { id: 7 }, { id: null }, { id: ['user_1'] }, { id: { id: 'user_1' } }])(
  'nobody is concerned where %j names no id',
  (data) => {
    expect(readConcerned(user.concerns, data)).toStrictEqual({})
  },
)

test('a role concerns nobody', () => {
  expect(readConcerned(role.concerns, { id: 'role_1', user_id: 'user_1' })).toStrictEqual({})
})
