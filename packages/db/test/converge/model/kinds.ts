import type { Invitation, Membership } from '../world/organizations.ts'
import type { rowOf } from './rows.ts'

/** The first part of an event's type. */
export type Kind = keyof typeof rowOf

/** What a kind of thing is called in the tables. */
export const kinds: Record<Kind, { table: string; entity: string }> = {
  user: { table: 'users', entity: 'user' },
  session: { table: 'sessions', entity: 'session' },
  organization: { table: 'organizations', entity: 'organization' },
  organizationMembership: {
    table: 'organization_memberships',
    entity: 'organization_membership',
  },
  organizationInvitation: {
    table: 'organization_invitations',
    entity: 'organization_invitation',
  },
  organizationDomain: { table: 'organization_domains', entity: 'organization_domain' },
  role: { table: 'roles', entity: 'role' },
  permission: { table: 'permissions', entity: 'permission' },
  waitlistEntry: { table: 'waitlist_entries', entity: 'waitlist_entry' },
  subscription: { table: 'subscriptions', entity: 'subscription' },
  subscriptionItem: { table: 'subscription_items', entity: 'subscription_item' },
  paymentAttempt: { table: 'payment_attempts', entity: 'payment_attempt' },
}

export const childTables = {
  email_addresses: 'user_id',
  phone_numbers: 'user_id',
  external_accounts: 'user_id',
  web3_wallets: 'user_id',
  role_permissions: 'role_id',
}

/** What goes when the owner goes: for the ids in an event's data. */
const ownersOf: { readonly [K in Kind]?: (data: never) => (string | undefined)[] } = {
  session: ({ user_id }: { user_id: string }) => [user_id],
  organizationMembership: ({ organization, public_user_data }: Membership) => [
    organization.id,
    public_user_data?.user_id,
  ],
  organizationInvitation: ({ organization_id, user_id }: Invitation) => [organization_id, user_id],
  organizationDomain: ({ organization_id }: { organization_id: string }) => [organization_id],
}

/** The ids of the users and organizations with which a thing goes, as far as the event names them. */
export function ownersIn(kind: Kind, data: object): string[] {
  const owners = ownersOf[kind]?.(data as never) ?? []
  return owners.filter((id) => id !== undefined)
}

/** Columns that tell of a person, by table. */
export const personal: { readonly [table: string]: readonly string[] } = {
  users: [
    'external_id',
    'username',
    'first_name',
    'last_name',
    'image_url',
    'primary_email_address',
    'primary_phone_number',
    'public_metadata',
    'unsafe_metadata',
    'private_metadata',
    'last_sign_in_at',
  ],
  email_addresses: ['email_address'],
  phone_numbers: ['phone_number'],
  external_accounts: ['provider_user_id', 'email_address', 'username'],
  web3_wallets: ['web3_wallet'],
  sessions: [
    'last_active_at',
    'ip_address',
    'city',
    'country',
    'device_type',
    'browser_name',
    'browser_version',
  ],
  organization_memberships: ['public_metadata'],
  organization_invitations: ['email_address', 'public_metadata'],
}
