import { describe, expect, test } from 'vitest'
import type { ClerkObject, Entity } from './entities/entity.ts'
import { selectKept } from './entities/kept.ts'
import { organizationDomain } from './entities/organization-domain.ts'
import { organizationInvitation } from './entities/organization-invitation.ts'
import { organizationMembership } from './entities/organization-membership.ts'
import { organization } from './entities/organization.ts'
import { paymentAttempt } from './entities/payment-attempt.ts'
import { role } from './entities/role.ts'
import { readRow } from './change.ts'
import { session } from './entities/session.ts'
import { subscriptionItem } from './entities/subscription-item.ts'
import { subscription } from './entities/subscription.ts'
import { user as wholeUser } from './entities/user.ts'
import { waitlistEntry } from './entities/waitlist-entry.ts'

const [user = wholeUser] = selectKept().entities

const noUser = {
  external_id: null,
  username: null,
  first_name: null,
  last_name: null,
  image_url: null,
  primary_email_address: null,
  primary_phone_number: null,
  public_metadata: null,
  unsafe_metadata: null,
  private_metadata: null,
  banned: null,
  locked: null,
  last_sign_in_at: null,
  created_at: null,
}

function rowOf(entity: Entity, data: ClerkObject) {
  const result = readRow(entity, data)
  if (!result.ok) throw new Error(result.problem)
  return result.value
}

function problemOf(entity: Entity, data: ClerkObject): string {
  const result = readRow(entity, data)
  return result.ok ? '' : result.problem
}

const emailsOf = (data: ClerkObject) => rowOf(user, data).children['email_addresses']

describe('the row', () => {
  test('of a user has every column, with the address that is primary', () => {
    const data = {
      id: 'user_1',
      external_id: 'crm-7',
      username: 'ada',
      first_name: 'Ada',
      last_name: 'Lovelace',
      image_url: 'https://images.example.com/ada.png',
      primary_email_address_id: 'idn_2',
      email_addresses: [
        { id: 'idn_1', email_address: 'old@example.com', verification: { status: 'unverified' } },
        { id: 'idn_2', email_address: 'ada@example.com', verification: { status: 'verified' } },
      ],
      public_metadata: { team: 'engines' },
      unsafe_metadata: { theme: 'dark' },
      banned: false,
      locked: true,
      created_at: 1_761_092_033_553,
      updated_at: 1_761_092_033_570,
    }
    expect(rowOf(user, data)).toStrictEqual({
      row: {
        ...noUser,
        external_id: 'crm-7',
        username: 'ada',
        first_name: 'Ada',
        last_name: 'Lovelace',
        image_url: 'https://images.example.com/ada.png',
        primary_email_address: 'ada@example.com',
        public_metadata: { team: 'engines' },
        unsafe_metadata: { theme: 'dark' },
        banned: false,
        locked: true,
        created_at: '2025-10-22T00:13:53.553Z',
      },
      children: {
        email_addresses: [
          { id: 'idn_1', email_address: 'old@example.com', verified: false, is_primary: false },
          { id: 'idn_2', email_address: 'ada@example.com', verified: true, is_primary: true },
        ],
      },
    })
  })

  test('of a membership takes its ids from the objects inside it', () => {
    const data = {
      organization: { id: 'org_1' },
      public_user_data: { user_id: 'user_1' },
      role: 'org:member',
      public_metadata: {},
      created_at: 0,
    }
    expect(rowOf(organizationMembership, data)).toStrictEqual({
      row: {
        organization_id: 'org_1',
        user_id: 'user_1',
        role: 'org:member',
        public_metadata: {},
        created_at: '1970-01-01T00:00:00.000Z',
      },
      children: {},
    })
  })

  test('holds null for what is missing and for what is null alike', () => {
    expect(rowOf(user, {}).row).toStrictEqual(noUser)
    expect(rowOf(user, { first_name: null, created_at: null }).row).toStrictEqual(noUser)
    expect(rowOf(user, { first_name: undefined }).row).toStrictEqual(noUser)
  })

  test('keeps false, the empty string and empty metadata, which are values', () => {
    const data = { first_name: '', banned: false, public_metadata: {}, unsafe_metadata: [] }
    expect(rowOf(user, data).row).toStrictEqual({ ...noUser, ...data })
  })

  test('takes any JSON as metadata', () => {
    for (const value of ['text', 0, false, [1, { a: null }], { deep: { er: [] } }]) {
      expect(rowOf(organization, { public_metadata: value }).row['public_metadata']).toBe(value)
    }
  })

  test('leaves columns that are off empty, whatever arrives', () => {
    const data = {
      private_metadata: { stripe: 'secret' },
      last_sign_in_at: 1_761_092_033_553,
      primary_phone_number_id: 'idn_1',
      phone_numbers: [{ id: 'idn_1', phone_number: '+15555550100' }],
    }
    expect(rowOf(user, data).row).toStrictEqual(noUser)
  })

  test('takes nothing from a prototype', () => {
    const data = JSON.parse('{"__proto__":{"name":"inherited"},"slug":"own"}')
    expect(rowOf(organization, data).row).toMatchObject({ name: null, slug: 'own' })
  })
})

describe('the row, with everything kept,', () => {
  test("of a user has every list that the user's row came with", () => {
    const data = {
      primary_phone_number_id: 'idn_2',
      phone_numbers: [
        { id: 'idn_2', phone_number: '+15555550100', verification: { status: 'verified' } },
      ],
      primary_web3_wallet_id: 'idn_4',
      web3_wallets: [{ id: 'idn_3', web3_wallet: '0x01', verification: null }],
      last_sign_in_at: 1_761_092_033_553,
    }
    const { row, children } = rowOf(wholeUser, data)
    expect(row).toMatchObject({
      primary_phone_number: '+15555550100',
      last_sign_in_at: '2025-10-22T00:13:53.553Z',
    })
    expect(children).toStrictEqual({
      email_addresses: [],
      phone_numbers: [
        { id: 'idn_2', phone_number: '+15555550100', verified: true, is_primary: true },
      ],
      external_accounts: [],
      web3_wallets: [{ id: 'idn_3', web3_wallet: '0x01', verified: false, is_primary: false }],
    })
  })

  test.each([
    ['of today', { provider: 'oauth_google', provider_user_id: '1072' }],
    ['of 2025', { provider: 'oauth_google', provider_user_id: '1072', google_id: '1072' }],
    ['of 2024', { google_id: '1072' }],
  ])('of an account at Google, from an event %s, says whose it is and which', (_, fields) => {
    const account = { object: 'google_account', id: 'idn_1', email_address: 'a@b.c', ...fields }
    expect(
      rowOf(wholeUser, { external_accounts: [account] }).children['external_accounts'],
    ).toEqual([
      {
        id: 'idn_1',
        provider: 'oauth_google',
        provider_user_id: '1072',
        email_address: 'a@b.c',
        username: null,
        verified: false,
      },
    ])
  })

  test('of a session has where the user was, and none of it where Clerk does not know', () => {
    const latest_activity = { ip_address: '203.0.113.7', country: 'GB', device_type: 'Linux' }
    expect(rowOf(session, { user_id: 'user_1', latest_activity }).row).toMatchObject({
      ...latest_activity,
      city: null,
    })
    expect(rowOf(session, { user_id: 'user_1', latest_activity: null }).row).toMatchObject({
      user_id: 'user_1',
      ip_address: null,
    })
    expect(problemOf(session, { latest_activity: null })).toBe('data.user_id is missing')
  })
})

describe('the row of', () => {
  test('a role has a child row for each permission', () => {
    const permissions = [{ id: 'perm_1', key: 'org:engines:run' }, { id: 'perm_2' }]
    expect(rowOf(role, { key: 'org:operator', permissions }).children).toEqual({
      role_permissions: [
        { id: 'perm_1', key: 'org:engines:run' },
        { id: 'perm_2', key: null },
      ],
    })
  })

  test('an invitation has its user once accepted', () => {
    const pending = { organization_id: 'org_1', status: 'pending' }
    expect(rowOf(organizationInvitation, pending).row['user_id']).toBeNull()
    const accepted = { ...pending, status: 'accepted', user_id: 'user_1' }
    expect(rowOf(organizationInvitation, accepted).row['user_id']).toBe('user_1')
  })

  test.each<[verified: boolean, ownership: boolean, verifications: ClerkObject]>([
    [false, false, {}],
    [false, false, { affiliation_verification: null, verification: null }],
    [false, false, { verification: { status: 'unverified' } }],
    [true, false, { verification: { status: 'verified' } }],
    [true, false, { affiliation_verification: { status: 'verified' } }],
    [
      false,
      false,
      { affiliation_verification: { status: 'expired' }, verification: { status: 'verified' } },
    ],
    [false, true, { ownership_verification: { status: 'verified' } }],
  ])('a domain says %j to verified, %j to ownership with %j', (verified, ownership, data) => {
    expect(rowOf(organizationDomain, { organization_id: 'org_1', ...data }).row).toMatchObject({
      verified,
      ownership_verified: ownership,
    })
  })

  test('a waitlist entry has its address until it is completed', () => {
    const addressAt = (status: unknown) =>
      rowOf(waitlistEntry, { email_address: 'grace@example.com', status }).row['email_address']
    expect(['pending', 'invited', 'rejected', undefined].map(addressAt)).toEqual(
      Array(4).fill('grace@example.com'),
    )
    expect(addressAt('completed')).toBeNull()
  })

  test('what is paid for has the one who pays, and null for the other, whom Clerk calls ""', () => {
    for (const entity of [subscription, subscriptionItem, paymentAttempt]) {
      const byUser = { payer: { id: 'cpayer_1', user_id: 'user_1', organization_id: '' } }
      expect(rowOf(entity, byUser).row).toMatchObject({ user_id: 'user_1', organization_id: null })
      const byOrganization = { payer: { user_id: '', organization_id: 'org_1' } }
      expect(rowOf(entity, byOrganization).row).toMatchObject({
        user_id: null,
        organization_id: 'org_1',
      })
      expect(rowOf(entity, { payer: null }).row).toMatchObject({ user_id: null })
    }
  })

  test('an item has its price and seats as whole numbers', () => {
    const plan = { slug: 'steam', name: 'Steam', amount: 4200, currency: 'USD' }
    expect(rowOf(subscriptionItem, { plan, seats: { quantity: 5 } }).row).toMatchObject({
      plan_slug: 'steam',
      amount: 4200,
      currency: 'USD',
      seats: 5,
    })
    for (const seats of [undefined, null, { quantity: null }]) {
      expect(rowOf(subscriptionItem, { plan: null, seats }).row).toMatchObject({
        amount: null,
        seats: null,
      })
    }
    const problem = 'data.plan.amount is a number, expected a whole number'
    expect(problemOf(subscriptionItem, { plan: { amount: 42.5 } })).toBe(problem)
    expect(problemOf(subscriptionItem, { plan: { amount: 2 ** 53 } })).toBe(problem)
  })
})

describe('a membership', () => {
  test('without its organization is refused', () => {
    const problem = 'data.organization.id is missing'
    expect(problemOf(organizationMembership, { role: 'org:member' })).toBe(problem)
    expect(problemOf(organizationMembership, { organization: null })).toBe(problem)
    expect(problemOf(organizationMembership, { organization: 'org_1' })).toBe(problem)
    expect(problemOf(organizationMembership, { organization: [{ id: 'org_1' }] })).toBe(problem)
    expect(problemOf(organizationMembership, { organization: { id: null } })).toBe(problem)
    expect(problemOf(organizationMembership, { organization: { id: '' } })).toBe(problem)
  })

  test('without its user is kept', () => {
    for (const public_user_data of [undefined, null, {}, { user_id: '' }]) {
      const data = { organization: { id: 'org_1' }, public_user_data }
      expect(rowOf(organizationMembership, data).row['user_id']).toBeNull()
    }
  })
})

describe('a value of the wrong type', () => {
  const time = 'a time in milliseconds'
  test.each<[field: string, value: unknown, problem: string]>([
    ['first_name', 42, 'data.first_name is a number, expected a string'],
    ['first_name', true, 'data.first_name is a boolean, expected a string'],
    ['first_name', { secret: 1 }, 'data.first_name is an object, expected a string'],
    ['first_name', ['secret'], 'data.first_name is a list, expected a string'],
    ['banned', 'secret', 'data.banned is a string, expected true or false'],
    ['banned', 0, 'data.banned is a number, expected true or false'],
    ['created_at', '2025-10-22', `data.created_at is a string, expected ${time}`],
    ['created_at', 1.5, `data.created_at is a number, expected ${time}`],
    ['created_at', -1, `data.created_at is a number, expected ${time}`],
    ['created_at', Number.NaN, `data.created_at is a number, expected ${time}`],
    ['created_at', 1e308, `data.created_at is a number, expected ${time}`],
  ])('is refused by name: %s = %j', (field, value, problem) => {
    expect(problemOf(user, { [field]: value })).toBe(problem)
  })

  test('is never quoted, and every one is named', () => {
    const data = {
      username: ['s3cret'],
      locked: 's3cret',
      created_at: 's3cret',
      email_addresses: [{ id: 'idn_1', email_address: { s3cret: 's3cret' } }],
    }
    expect(problemOf(user, data)).toBe(
      'data.username is a list, expected a string; ' +
        'data.locked is a string, expected true or false; ' +
        'data.created_at is a string, expected a time in milliseconds; ' +
        'data.email_addresses[].email_address is an object, expected a string',
    )
  })

  test('in a nested field is named by its path', () => {
    const data = { organization: { id: 7 }, public_user_data: { user_id: true } }
    expect(problemOf(organizationMembership, data)).toBe(
      'data.organization.id is a number, expected a string; ' +
        'data.public_user_data.user_id is a boolean, expected a string',
    )
  })

  test('in many elements of a list, the primary one among them, is named once', () => {
    const email_addresses = [1, 2, 3].map((n) => ({ id: `idn_${n}`, email_address: n }))
    expect(problemOf(user, { primary_email_address_id: 'idn_1', email_addresses })).toBe(
      'data.email_addresses[].email_address is a number, expected a string',
    )
  })
})

describe('times', () => {
  test('become ISO 8601 to the millisecond', () => {
    expect(rowOf(organization, { created_at: 1_716_883_200_007 }).row['created_at']).toBe(
      '2024-05-28T08:00:00.007Z',
    )
  })

  test('are accepted up to the end of the year 9999, which PostgreSQL can read, and no later', () => {
    const last = Date.UTC(9999, 11, 31)
    expect(rowOf(user, { created_at: last }).row['created_at']).toBe('9999-12-31T00:00:00.000Z')
    expect(problemOf(user, { created_at: last + 1 })).toMatch(/^data\.created_at is a number/)
  })
})

describe('child rows', () => {
  test('are none when the list is missing, null or no list', () => {
    for (const data of [{}, { email_addresses: null }, { email_addresses: 'ada@example.com' }]) {
      expect(emailsOf(data)).toStrictEqual([])
    }
  })

  test('are made only of objects with an id', () => {
    const nameless = [{}, { id: '' }, { id: null }, { id: 7 }, null, 'idn_1', ['idn_1']]
    expect(emailsOf({ email_addresses: [...nameless, { id: 'idn_9' }] })).toStrictEqual([
      { id: 'idn_9', email_address: null, verified: false, is_primary: false },
    ])
  })

  test('of one id are one row, the last', () => {
    const email_addresses = [
      { id: 'idn_1', email_address: 'first@example.com' },
      { id: 'idn_2', email_address: 'other@example.com' },
      { id: 'idn_1', email_address: 'last@example.com' },
    ]
    expect(emailsOf({ email_addresses })?.map((row) => row['email_address'])).toEqual([
      'last@example.com',
      'other@example.com',
    ])
  })

  test.each([[undefined], [null], ['verified'], [{}], [{ status: null }], [{ status: 'expired' }]])(
    'are not verified by %j',
    (verification) => {
      expect(emailsOf({ email_addresses: [{ id: 'idn_1', verification }] })).toMatchObject([
        { verified: false },
      ])
    },
  )
})

describe('the primary address', () => {
  const email_addresses = [{ id: 'idn_1', email_address: 'ada@example.com' }]
  const primaryOf = (data: ClerkObject) => rowOf(user, data).row['primary_email_address']

  test("is none when its id is in no list, as in Clerk's own example", () => {
    expect(primaryOf({ primary_email_address_id: 'idn_9', email_addresses: [] })).toBeNull()
    expect(primaryOf({ primary_email_address_id: 'idn_9', email_addresses })).toBeNull()
    expect(emailsOf({ primary_email_address_id: 'idn_9', email_addresses })).toMatchObject([
      { is_primary: false },
    ])
  })

  test('is none when no id is primary', () => {
    expect(primaryOf({ primary_email_address_id: null, email_addresses })).toBeNull()
    expect(primaryOf({ email_addresses })).toBeNull()
  })

  test('is the last spelling where an id comes twice, as in the child rows', () => {
    const twice = [...email_addresses, { id: 'idn_1', email_address: 'last@example.com' }]
    const data = { primary_email_address_id: 'idn_1', email_addresses: twice }
    expect(emailsOf(data)).toMatchObject([{ email_address: 'last@example.com', is_primary: true }])
    expect(primaryOf(data)).toBe('last@example.com')
  })
})
