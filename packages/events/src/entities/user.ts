import { column, derived, idColumn, itemsOf, valueAt } from './column.ts'
import type { ChildTable, ClerkObject, Column, Entity } from './entity.ts'

const personal = true

const emailAddresses: ChildTable = {
  table: 'email_addresses',
  about: 'All email addresses of a user, the primary one among them.',
  parentColumn: 'user_id',
  items: 'email_addresses',
  columns: [
    column('email_address', 'text', { personal }),
    derived('verified', 'boolean', ['verification.status'], isVerified),
    isPrimary('primary_email_address_id'),
  ],
}

const phoneNumbers: ChildTable = {
  table: 'phone_numbers',
  about: 'All phone numbers of a user.',
  optional: 'phone_numbers',
  parentColumn: 'user_id',
  items: 'phone_numbers',
  columns: [
    column('phone_number', 'text', { personal }),
    derived('verified', 'boolean', ['verification.status'], isVerified),
    isPrimary('primary_phone_number_id'),
  ],
}

const externalAccounts: ChildTable = {
  table: 'external_accounts',
  about: 'The accounts elsewhere, such as Google or GitHub, that a user signs in with.',
  optional: 'external_accounts',
  parentColumn: 'user_id',
  items: 'external_accounts',
  columns: [
    // Older events have neither for Google's: `object` says whose they are, `google_id` which.
    derived('provider', 'text', ['provider', 'object'], provider),
    derived(
      'provider_user_id',
      'text',
      ['provider_user_id', 'google_id'],
      (account) => account['provider_user_id'] ?? account['google_id'],
      { personal },
    ),
    column('email_address', 'text', { personal }),
    column('username', 'text', { personal }),
    derived('verified', 'boolean', ['verification.status'], isVerified),
  ],
}

const enterpriseAccounts: ChildTable = {
  table: 'enterprise_accounts',
  about: "The accounts at a company's identity provider, by SAML or OpenID Connect.",
  optional: 'enterprise_accounts',
  parentColumn: 'user_id',
  items: 'enterprise_accounts',
  columns: [
    column('protocol', 'text'),
    ...accountColumns(),
    idColumn('connection_id', {
      from: 'enterprise_connection_id',
      about: "Clerk's connection to the identity provider",
    }),
    column('last_authenticated_at', 'timestamptz', { personal }),
  ],
}

const samlAccounts: ChildTable = {
  table: 'saml_accounts',
  about: "The accounts at a company's identity provider by SAML, as Clerk lists them besides.",
  optional: 'saml_accounts',
  parentColumn: 'user_id',
  items: 'saml_accounts',
  columns: [
    ...accountColumns(),
    idColumn('connection_id', {
      from: 'saml_connection.id',
      about: "Clerk's connection to the identity provider",
    }),
    column('last_authenticated_at', 'timestamptz', { personal }),
  ],
}

const web3Wallets: ChildTable = {
  table: 'web3_wallets',
  about: 'The wallets that a user signs in with.',
  optional: 'web3_wallets',
  parentColumn: 'user_id',
  items: 'web3_wallets',
  columns: [
    column('web3_wallet', 'text', { personal }),
    derived('verified', 'boolean', ['verification.status'], isVerified),
    isPrimary('primary_web3_wallet_id'),
  ],
}

export const user: Entity = {
  name: 'user',
  table: 'users',
  about: 'The users of your application.',
  api: {
    list: '/users',
    one: '/users/{id}',
    hasCursor: true,
    byIds: { parameter: 'user_id', max: 100 },
    count: '/users/count',
    isInEveryInstance: true,
  },
  upsertedBy: ['user.created', 'user.updated'],
  deletedBy: ['user.deleted'],
  partOf: [],
  concerns: { user: 'id' },
  requestedByUser: true,
  columns: [
    column('external_id', 'text', { personal }),
    column('username', 'text', { personal }),
    column('first_name', 'text', { personal }),
    column('last_name', 'text', { personal }),
    column('image_url', 'text', { personal }),
    derived(
      'primary_email_address',
      'text',
      ['email_addresses[].email_address', 'email_addresses[].id', 'primary_email_address_id'],
      (data) => primary(data, 'email_addresses', 'primary_email_address_id')?.['email_address'],
      { personal, field: 'email_addresses' },
    ),
    derived(
      'primary_phone_number',
      'text',
      ['phone_numbers[].phone_number', 'phone_numbers[].id', 'primary_phone_number_id'],
      (data) => primary(data, 'phone_numbers', 'primary_phone_number_id')?.['phone_number'],
      { personal, optional: 'phone_numbers' },
    ),
    column('public_metadata', 'jsonb', { personal }),
    column('unsafe_metadata', 'jsonb', { personal }),
    column('private_metadata', 'jsonb', { personal, optional: 'private_metadata' }),
    column('banned', 'boolean'),
    column('locked', 'boolean'),
    column('deprovisioned', 'boolean', {
      about: 'true once the identity provider has removed the user by SCIM',
    }),
    column('last_sign_in_at', 'timestamptz', { personal, optional: 'last_sign_in_at' }),
    column('created_at', 'timestamptz'),
  ],
  children: [
    emailAddresses,
    phoneNumbers,
    externalAccounts,
    enterpriseAccounts,
    samlAccounts,
    web3Wallets,
  ],
}

function accountColumns(): Column[] {
  return [
    column('provider', 'text'),
    column('provider_user_id', 'text', { personal }),
    column('email_address', 'text', { personal }),
    column('active', 'boolean'),
    derived('verified', 'boolean', ['verification.status'], isVerified),
  ]
}

function isPrimary(idField: string) {
  const reads = [`../${idField}`]
  const value: Column['value'] = (item, parent) => item['id'] === parent[idField]
  return derived('is_primary', 'boolean', reads, value, { one: true })
}

// Clerk may name a primary id that is in no list (its own example does): then there is none. Of two
// elements with one id the last counts, as in the child rows.
function primary(data: ClerkObject, list: string, idField: string): ClerkObject | undefined {
  const id = data[idField]
  return typeof id === 'string'
    ? itemsOf(data, list).items.findLast((item) => item.id === id)
    : undefined
}

function isVerified(item: ClerkObject): boolean {
  return valueAt(item, 'verification.status') === 'verified'
}

function provider(account: ClerkObject): unknown {
  return account['provider'] ?? (account['object'] === 'google_account' ? 'oauth_google' : null)
}
