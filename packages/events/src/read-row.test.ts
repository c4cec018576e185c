import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ClerkObject, Entity } from './entities/entity.ts'
import { selectKept } from './entities/kept.ts'
import { organizationDomain } from './entities/organization-domain.ts'
import { organizationInvitation } from './entities/organization-invitation.ts'
import { organizationMembership } from './entities/organization-membership.ts'
import { organization } from './entities/organization.ts'
import { paymentAttempt } from './entities/payment-attempt.ts'
import { role } from './entities/role.ts'
import { entities } from './entities/registry.ts'
import { readRow, reportedPaths } from './read-row.ts'
import { session } from './entities/session.ts'
import { subscriptionItem } from './entities/subscription-item.ts'
import { subscription } from './entities/subscription.ts'
import { user as wholeUser } from './entities/user.ts'
import { minimise } from './webhooks/event-job.ts'
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
  deprovisioned: null,
  last_sign_in_at: null,
  created_at: null,
}

const rowOf = (entity: Entity, data: ClerkObject) => readRow(entity, data).value
const unreadableIn = (entity: Entity, data: ClerkObject) => readRow(entity, data).unreadable

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
        permissions: null,
        public_metadata: {},
        private_metadata: null,
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
      enterprise_accounts: [],
      saml_accounts: [],
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
    expect(unreadableIn(session, { latest_activity: null })).toEqual(['user_id'])
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
  })
})

describe('a membership', () => {
  test.each([
    {},
    { organization: null },
    { organization: 'org_1' },
    { organization: [{ id: 'org_1' }] },
    { organization: { id: null } },
    { organization: { id: '' } },
    { organization: { id: 7 } },
  ])('is kept without the organization that can not be read in %j, and reported', (data) => {
    const reading = readRow(organizationMembership, { ...data, role: 'org:member' })
    expect(reading.value.row).toMatchObject({ organization_id: null, role: 'org:member' })
    expect(reading.unreadable).toEqual(['organization.id'])
  })

  test('without its user is kept', () => {
    for (const public_user_data of [undefined, null, {}, { user_id: '' }]) {
      const data = { organization: { id: 'org_1' }, public_user_data }
      expect(rowOf(organizationMembership, data).row['user_id']).toBeNull()
      expect(unreadableIn(organizationMembership, data)).toEqual([])
    }
  })
})

describe('a value that can not be read', () => {
  test.each<[field: string, value: unknown]>([
    ['first_name', 42],
    ['first_name', true],
    ['first_name', { secret: 1 }],
    ['first_name', ['secret']],
    ['banned', 'secret'],
    ['banned', 0],
    ['banned', ''],
    ['created_at', ''],
    ['created_at', 'yesterday'],
    ['created_at', '2025-10-22T00:13:53'],
    ['created_at', [1]],
    ['created_at', Number.NaN],
    ['created_at', 1e308],
    ['created_at', Date.UTC(10_000, 0, 1)],
    ['created_at', Date.UTC(0, 0, 1) - 1900 * 366 * 86_400_000],
  ])('is null, and reported by name: %s = %j', (field, value) => {
    const reading = readRow(user, { username: 'ada', [field]: value })
    expect(reading.value.row).toStrictEqual({ ...noUser, username: 'ada', [field]: null })
    expect(reading.unreadable).toEqual([field])
  })

  test.each<[value: unknown, held: string]>([
    [-62_135_596_800_000, '0001-01-01T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
    [1.9, '1970-01-01T00:00:00.001Z'],
    ['2025-10-22T00:13:53.553Z', '2025-10-22T00:13:53.553Z'],
    ['2025-10-22T02:13:53+02:00', '2025-10-22T00:13:53.000Z'],
    ['2025-10-22', '2025-10-22T00:00:00.000Z'],
    [JSON.rawJSON('1761092033553.0'), '2025-10-22T00:13:53.553Z'],
  ])(
    'is what the database can hold of it where that is a time, and reported: %j',
    (value, held) => {
      const { value: read, unreadable } = readRow(user, { created_at: value })
      expect(read.row['created_at']).toBe(held)
      expect(unreadable).toEqual(['created_at'])
    },
  )

  test.each<[value: unknown, held: string, unreadable: boolean]>([
    [0, '0', false],
    [-42, '-42', false],
    [2 ** 62, '4611686018427388000', false],
    [JSON.rawJSON('9223372036854775807'), '9223372036854775807', false],
    [JSON.rawJSON('-9223372036854775808'), '-9223372036854775808', false],
    [JSON.rawJSON('42.00'), '42', true],
    [JSON.rawJSON('9223372036854775808'), 'null', true],
    [42.5, 'null', true],
    [2 ** 63, 'null', true],
    ['4200', 'null', true],
    ['', 'null', true],
    [{ amount: 4200 }, 'null', true],
  ])(
    'in place of an amount is null, unless it is whole and fits: %j',
    (amount, held, isReported) => {
      const { value, unreadable } = readRow(subscriptionItem, { plan: { amount } })
      expect(JSON.stringify(value.row['amount'])).toBe(held)
      expect(unreadable).toEqual(isReported ? ['plan.amount'] : [])
    },
  )

  test('is never quoted, and every one is named', () => {
    const data = {
      username: ['s3cret'],
      locked: 's3cret',
      created_at: 's3cret',
      updated_at: 's3cret',
      primary_email_address_id: { s3cret: 's3cret' },
      email_addresses: [
        { id: 'idn_1', email_address: { s3cret: 's3cret' }, verification: 's3cret' },
      ],
    }
    expect(unreadableIn(user, data).toSorted()).toEqual([
      'created_at',
      'email_addresses[].email_address',
      'email_addresses[].verification.status',
      'locked',
      'primary_email_address_id',
      'updated_at',
      'username',
    ])
  })

  test('in many elements of a list, the primary one among them, is named once', () => {
    const email_addresses = [1, 2, 3].map((n) => ({ id: `idn_${n}`, email_address: n }))
    expect(unreadableIn(user, { primary_email_address_id: 'idn_1', email_addresses })).toEqual([
      'email_addresses[].email_address',
    ])
  })

  test.each(['[', '{"a":'])('are metadata deeper than can be written: %s', (open) => {
    const close = open === '[' ? ']' : '}'
    const nested = (levels: number) =>
      JSON.parse(`${open.repeat(levels)}1${close.repeat(levels)}`) as unknown
    expect(unreadableIn(user, { public_metadata: nested(4_100) })).toEqual([])
    for (const levels of [4_101, 100_000]) {
      const { value, unreadable } = readRow(user, { public_metadata: nested(levels) })
      expect(value.row['public_metadata']).toBeNull()
      expect(unreadable).toEqual(['public_metadata'])
    }
  })
})

test('whatever is in any field, a row can be made, and only declared names are reported', () => {
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant(JSON.rawJSON('1e400')))
  for (const entity of entities) {
    const names = reportedPaths(entity)
    const fields = [...names].map((path) => path.split(/[.[]/)[0] ?? '')
    const data = fc.dictionary(fc.constantFrom(...fields), odd, { noNullPrototype: true })
    fc.assert(
      fc.property(data, (object) => {
        const { unreadable } = readRow(entity, object)
        expect(unreadable.filter((name) => !names.has(name))).toEqual([])
        expect(readRow(entity, minimise(entity, object)).unreadable).toEqual(unreadable)
        expect(readRow(entity, minimise(entity, object)).value).toEqual(
          readRow(entity, object).value,
        )
      }),
    )
  }
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
    expect(unreadableIn(user, { created_at: last + 1 })).toEqual(['created_at'])
  })
})

describe('child rows', () => {
  test('are none when the list is missing, null or empty', () => {
    for (const data of [{}, { email_addresses: null }, { email_addresses: [] }]) {
      expect(readRow(user, data)).toMatchObject({
        value: { row: { primary_email_address: null }, children: { email_addresses: [] } },
        unreadable: [],
      })
    }
  })

  test.each(['none', 7, true, false, {}, { 0: { id: 'idn_1' } }])(
    'stay as they are when %j is in place of the list, and so does what is computed from it',
    (email_addresses) => {
      const data = { email_addresses, primary_email_address_id: 'idn_1' }
      const { value, unreadable } = readRow(user, data)
      expect(value.children).toStrictEqual({})
      expect(value.row).not.toHaveProperty('primary_email_address')
      expect(value).not.toHaveProperty('incomplete')
      expect(unreadable).toEqual(['email_addresses'])
    },
  )

  test.each([
    {},
    { id: '' },
    { id: null },
    { id: 7 },
    null,
    'idn_1',
    ['idn_1'],
    { id: 'i'.repeat(256) },
  ])('are made of the elements that can be read, when one is %j; the other rows stay', (odd) => {
    const good = { id: 'idn_9', email_address: 'ada@example.com' }
    const data = { primary_email_address_id: 'idn_1', email_addresses: [odd, good] }
    const { value, unreadable } = readRow(user, data)
    expect(value.children['email_addresses']).toMatchObject([good])
    expect(value.incomplete).toEqual(['email_addresses'])
    expect(value.row).not.toHaveProperty('primary_email_address')
    expect(unreadable).toEqual(['email_addresses[]'])
    expect(rowOf(user, { ...data, primary_email_address_id: 'idn_9' }).row).toMatchObject({
      primary_email_address: 'ada@example.com',
    })
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
