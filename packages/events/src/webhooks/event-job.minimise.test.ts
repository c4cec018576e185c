import { describe, expect, test } from 'vitest'
import type { Choice } from '../entities/kept.ts'
import { everything, selectKept } from '../entities/kept.ts'
import { minimise } from './event-job.ts'
import { paymentAttempt } from '../entities/payment-attempt.ts'
import { role } from '../entities/role.ts'
import { session as wholeSession } from '../entities/session.ts'
import { subscription } from '../entities/subscription.ts'

const keptOf = (name: string, choice?: Choice) =>
  selectKept(choice).entities.find((entity) => entity.name === name) ?? expect.fail(name)
const user = keptOf('user')
const organization = keptOf('organization')
const organizationMembership = keptOf('organization_membership')
const organizationInvitation = keptOf('organization_invitation')

const fullUser = {
  object: 'user',
  id: 'user_1',
  external_id: 'crm-7',
  username: 'ada',
  first_name: 'Ada',
  last_name: 'Lovelace',
  locale: 'en-GB',
  image_url: 'https://images.example.com/ada.png',
  profile_image_url: 'https://images.example.com/secret.png',
  has_image: true,
  primary_email_address_id: 'idn_1',
  primary_phone_number_id: 'idn_secret',
  primary_web3_wallet_id: 'idn_secret',
  email_addresses: [
    {
      object: 'email_address',
      id: 'idn_1',
      email_address: 'ada@example.com',
      reserved: false,
      verification: {
        object: 'verification_otp',
        status: 'verified',
        nonce: 'secret',
        attempts: 1,
      },
      linked_to: [{ type: 'oauth_google', id: 'idn_secret' }],
      created_at: 1,
    },
  ],
  phone_numbers: [{ id: 'idn_secret', phone_number: '+15555550100', backup_codes: ['secret'] }],
  web3_wallets: [{ id: 'idn_secret', web3_wallet: '0xsecret' }],
  passkeys: [{ id: 'idn_secret', name: 'secret' }],
  external_accounts: [{ id: 'idn_secret', provider_user_id: 'secret', picture: 'secret' }],
  saml_accounts: [{ id: 'secret' }],
  enterprise_accounts: [{ id: 'secret' }],
  scim: { external_id: 'secret' },
  public_metadata: { team: 'engines', nested: { deep: [1, { two: 2 }] } },
  private_metadata: { stripe: 'secret' },
  unsafe_metadata: { theme: 'dark' },
  password_enabled: true,
  totp_enabled: true,
  banned: false,
  locked: true,
  last_sign_in_at: 1_700_000_000_001,
  last_active_at: 1_700_000_000_002,
  created_at: 1_700_000_000_003,
  updated_at: 1_700_000_000_004,
  a_field_of_next_year: 'secret',
}

test('a user keeps exactly what its columns read', () => {
  expect(minimise(user, fullUser)).toStrictEqual({
    id: 'user_1',
    external_id: 'crm-7',
    username: 'ada',
    first_name: 'Ada',
    last_name: 'Lovelace',
    image_url: 'https://images.example.com/ada.png',
    primary_email_address_id: 'idn_1',
    email_addresses: [
      { id: 'idn_1', email_address: 'ada@example.com', verification: { status: 'verified' } },
    ],
    public_metadata: { team: 'engines', nested: { deep: [1, { two: 2 }] } },
    unsafe_metadata: { theme: 'dark' },
    banned: false,
    locked: true,
    created_at: 1_700_000_000_003,
    updated_at: 1_700_000_000_004,
  })
})

test('an organization keeps exactly what its columns read', () => {
  const kept = {
    id: 'org_1',
    name: 'Engines',
    slug: 'engines',
    image_url: 'https://images.example.com/engines.png',
    created_by: 'user_1',
    public_metadata: { plan: 'gold' },
    created_at: 1,
    updated_at: 2,
  }
  const left = {
    object: 'organization',
    private_metadata: { stripe: 'secret' },
    members_count: 3,
    max_allowed_memberships: 5,
    admin_delete_enabled: true,
  }
  expect(minimise(organization, { ...left, ...kept })).toStrictEqual(kept)
})

test('a membership keeps the ids of its organization and its user, and nothing else of theirs', () => {
  const membership = {
    object: 'organization_membership',
    id: 'orgmem_1',
    role: 'org:admin',
    role_name: 'Admin',
    permissions: ['org:sys_memberships:read'],
    public_metadata: { desk: 'north' },
    private_metadata: { salary: 'secret' },
    organization: { id: 'org_1', name: 'Engines', private_metadata: { stripe: 'secret' } },
    public_user_data: {
      user_id: 'user_1',
      identifier: 'ada@example.com',
      first_name: 'Ada',
      image_url: 'https://images.example.com/ada.png',
    },
    created_at: 1,
    updated_at: 2,
  }
  expect(minimise(organizationMembership, membership)).toStrictEqual({
    id: 'orgmem_1',
    role: 'org:admin',
    public_metadata: { desk: 'north' },
    organization: { id: 'org_1' },
    public_user_data: { user_id: 'user_1' },
    created_at: 1,
    updated_at: 2,
  })
})

test('an invitation keeps neither its ticket nor who the inviter is beyond the id', () => {
  const kept = {
    id: 'orginv_1',
    organization_id: 'org_1',
    user_id: 'user_2',
    inviter_id: 'user_1',
    email_address: 'mary@example.com',
    role: 'org:member',
    status: 'accepted',
    public_metadata: { desk: 'south' },
    expires_at: 3,
    created_at: 1,
    updated_at: 2,
  }
  const left = {
    url: 'https://accounts.example.com/invitation?ticket=secret',
    public_inviter_data: { user_id: 'user_1', identifier: 'secret' },
    private_metadata: { salary: 'secret' },
  }
  expect(minimise(organizationInvitation, { ...left, ...kept })).toStrictEqual(kept)
})

test('a role keeps the id and the key of each permission', () => {
  const permissions = [
    { id: 'perm_1', key: 'org:engines:run', name: 'Run engines', type: 'custom' },
  ]
  expect(minimise(role, { id: 'role_1', permissions })).toStrictEqual({
    id: 'role_1',
    permissions: [{ id: 'perm_1', key: 'org:engines:run' }],
  })
})

describe('a session', () => {
  const session = {
    id: 'sess_1',
    user_id: 'user_1',
    user: fullUser,
    actor: { sub: 'user_2' },
    status: 'active',
    latest_activity: { id: 'sess_activity_1', ip_address: '203.0.113.7', city: 'London' },
    updated_at: 2,
  }

  test('keeps who acts as the user, and neither the user inside it nor where the user was', () => {
    const kept = keptOf('session', { entities: ['sessions'] })
    expect(minimise(kept, session)).toStrictEqual({
      id: 'sess_1',
      user_id: 'user_1',
      actor: { sub: 'user_2' },
      status: 'active',
      updated_at: 2,
    })
  })

  test('keeps of the latest activity only what its columns read, when asked to', () => {
    expect(minimise(wholeSession, session)['latest_activity']).toStrictEqual({
      ip_address: '203.0.113.7',
      city: 'London',
    })
  })
})

test('of who pays and how, only the ids are kept', () => {
  const payer = {
    id: 'cpayer_1',
    user_id: 'user_1',
    organization_id: '',
    first_name: 'Ada',
    email: 'ada@example.com',
    image_url: 'https://images.example.com/ada.png',
  }
  const items = [{ id: 'csub_item_1', status: 'active' }]
  const ids = { user_id: 'user_1', organization_id: '' }
  expect(minimise(subscription, { id: 'csub_1', payer, items })).toStrictEqual({
    id: 'csub_1',
    payer: ids,
  })
  const attempt = {
    id: 'pa_1',
    payer,
    payment_source: { card_type: 'visa', last4: '4242' },
    payee: { gateway_external_id: 'acct_secret' },
    totals: { grand_total: { amount: 2200, amount_formatted: '$22.00', currency: 'USD' } },
    failed_reason: { code: 'card_declined', decline_code: 'stolen_card' },
  }
  expect(minimise(paymentAttempt, attempt)).toStrictEqual({
    id: 'pa_1',
    payer: { id: 'cpayer_1', ...ids },
    totals: { grand_total: { amount: 2200, currency: 'USD' } },
    failed_reason: { code: 'card_declined' },
  })
})

test('fields that are asked for come along, and what is left out stays behind', () => {
  const whole = minimise(keptOf('user', everything), fullUser)
  expect(whole).toMatchObject({
    private_metadata: { stripe: 'secret' },
    phone_numbers: [{ id: 'idn_secret', phone_number: '+15555550100' }],
    external_accounts: [{ id: 'idn_secret', provider_user_id: 'secret' }],
    web3_wallets: [{ id: 'idn_secret', web3_wallet: '0xsecret' }],
    last_sign_in_at: 1_700_000_000_001,
  })
  expect(JSON.stringify(whole)).not.toContain('backup_codes')
  const fields = [
    '-users.email_addresses',
    '-users.primary_email_address',
    '-users.public_metadata',
  ]
  const less = minimise(keptOf('user', { fields }), fullUser)
  const {
    email_addresses: _addresses,
    primary_email_address_id: _id,
    public_metadata: _metadata,
    ...rest
  } = minimise(user, fullUser)
  expect(less).toStrictEqual(rest)
})

test('minimising twice changes nothing more, and the original stays whole', () => {
  const before = structuredClone(fullUser)
  const once = minimise(user, fullUser)
  expect(minimise(user, once)).toStrictEqual(once)
  expect(fullUser).toStrictEqual(before)
})

describe('an object of another shape than expected', () => {
  test('that lacks a field does not get it', () => {
    expect(minimise(user, { id: 'user_1', first_name: null })).toStrictEqual({
      id: 'user_1',
      first_name: null,
    })
    expect(minimise(user, {})).toStrictEqual({})
  })

  test('keeps nothing of a value where an object with known fields belongs', () => {
    const data = { organization: 'secret', public_user_data: 42 }
    expect(minimise(organizationMembership, data)).toStrictEqual({
      organization: false,
      public_user_data: false,
    })
    expect(minimise(user, { email_addresses: 'secret' })).toStrictEqual({ email_addresses: false })
    expect(minimise(user, { email_addresses: null })).toStrictEqual({ email_addresses: null })
  })

  test('keeps nothing of list elements that are no objects', () => {
    const email_addresses = [
      'secret',
      42,
      null,
      ['secret'],
      { id: 'idn_1', verification: 'secret' },
    ]
    expect(minimise(user, { email_addresses })).toStrictEqual({
      email_addresses: [false, false, false, false, { id: 'idn_1', verification: false }],
    })
  })

  test('keeps nothing of a list where an object belongs, however deep', () => {
    const nested = JSON.parse(`${'['.repeat(10_000)}${']'.repeat(10_000)}`) as unknown
    for (const organization_ of [[{ id: 'org_1', private_metadata: 'secret' }], nested]) {
      expect(minimise(organizationMembership, { organization: organization_ })).toStrictEqual({
        organization: false,
      })
    }
    expect(minimise(user, { email_addresses: nested })).toStrictEqual({ email_addresses: [false] })
  })
})

describe('keys that JavaScript treats specially', () => {
  test('are left behind where fields are chosen', () => {
    const data = JSON.parse(
      '{"id":"org_1","__proto__":{"name":"secret"},"constructor":"secret","toString":"secret"}',
    )
    const kept = minimise(organization, data)
    expect(kept).toStrictEqual({ id: 'org_1' })
    expect(kept['name']).toBeUndefined()
    expect(JSON.stringify(kept)).toBe('{"id":"org_1"}')
  })

  test('are never read from a prototype', () => {
    const nested = JSON.parse('{"organization":{"__proto__":{"id":"org_1"}}}')
    expect(minimise(organizationMembership, nested)).toStrictEqual({ organization: {} })
  })

  test('survive inside metadata, which is kept whole', () => {
    const text = '{"public_metadata":{"__proto__":{"a":1},"constructor":2}}'
    expect(JSON.stringify(minimise(user, JSON.parse(text)))).toBe(text)
  })
})
