// Written by `npx -y pnpm@12 schemas` from the entities in packages/events. Don't edit it here.

import type { ColumnType } from 'kysely'

// The next event overwrites what anybody else writes.
type ReadOnly<Value> = ColumnType<Value, never, never>

/** The users of your application. */
export interface ClerkUsers {
  id: ReadOnly<string>
  external_id: ReadOnly<string | null>
  username: ReadOnly<string | null>
  first_name: ReadOnly<string | null>
  last_name: ReadOnly<string | null>
  image_url: ReadOnly<string | null>
  primary_email_address: ReadOnly<string | null>
  primary_phone_number: ReadOnly<string | null>
  public_metadata: ReadOnly<unknown>
  unsafe_metadata: ReadOnly<unknown>
  private_metadata: ReadOnly<unknown>
  banned: ReadOnly<boolean | null>
  locked: ReadOnly<boolean | null>
  deprovisioned: ReadOnly<boolean | null>
  last_sign_in_at: ReadOnly<Date | null>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** All email addresses of a user, the primary one among them. */
export interface ClerkEmailAddresses {
  id: ReadOnly<string>
  user_id: ReadOnly<string>
  email_address: ReadOnly<string | null>
  verified: ReadOnly<boolean>
  is_primary: ReadOnly<boolean>
}

/** All phone numbers of a user. */
export interface ClerkPhoneNumbers {
  id: ReadOnly<string>
  user_id: ReadOnly<string>
  phone_number: ReadOnly<string | null>
  verified: ReadOnly<boolean>
  is_primary: ReadOnly<boolean>
}

/** The accounts elsewhere, such as Google or GitHub, that a user signs in with. */
export interface ClerkExternalAccounts {
  id: ReadOnly<string>
  user_id: ReadOnly<string>
  provider: ReadOnly<string | null>
  provider_user_id: ReadOnly<string | null>
  email_address: ReadOnly<string | null>
  username: ReadOnly<string | null>
  verified: ReadOnly<boolean>
}

/** The accounts at a company's identity provider, by SAML or OpenID Connect. */
export interface ClerkEnterpriseAccounts {
  id: ReadOnly<string>
  user_id: ReadOnly<string>
  protocol: ReadOnly<string | null>
  provider: ReadOnly<string | null>
  provider_user_id: ReadOnly<string | null>
  email_address: ReadOnly<string | null>
  active: ReadOnly<boolean | null>
  verified: ReadOnly<boolean>
  connection_id: ReadOnly<string | null>
  last_authenticated_at: ReadOnly<Date | null>
}

/** The accounts at a company's identity provider by SAML, as Clerk lists them besides. */
export interface ClerkSamlAccounts {
  id: ReadOnly<string>
  user_id: ReadOnly<string>
  provider: ReadOnly<string | null>
  provider_user_id: ReadOnly<string | null>
  email_address: ReadOnly<string | null>
  active: ReadOnly<boolean | null>
  verified: ReadOnly<boolean>
  connection_id: ReadOnly<string | null>
  last_authenticated_at: ReadOnly<Date | null>
}

/** The wallets that a user signs in with. */
export interface ClerkWeb3Wallets {
  id: ReadOnly<string>
  user_id: ReadOnly<string>
  web3_wallet: ReadOnly<string | null>
  verified: ReadOnly<boolean>
  is_primary: ReadOnly<boolean>
}

/** The organizations that users belong to. */
export interface ClerkOrganizations {
  id: ReadOnly<string>
  name: ReadOnly<string | null>
  slug: ReadOnly<string | null>
  image_url: ReadOnly<string | null>
  created_by: ReadOnly<string | null>
  public_metadata: ReadOnly<unknown>
  private_metadata: ReadOnly<unknown>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** Which user belongs to which organization, and in which role. */
export interface ClerkOrganizationMemberships {
  id: ReadOnly<string>
  organization_id: ReadOnly<string | null>
  user_id: ReadOnly<string | null>
  role: ReadOnly<string | null>
  permissions: ReadOnly<unknown>
  public_metadata: ReadOnly<unknown>
  private_metadata: ReadOnly<unknown>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** Who was invited into an organization, and what became of it. */
export interface ClerkOrganizationInvitations {
  id: ReadOnly<string>
  organization_id: ReadOnly<string | null>
  user_id: ReadOnly<string | null>
  inviter_id: ReadOnly<string | null>
  email_address: ReadOnly<string | null>
  role: ReadOnly<string | null>
  status: ReadOnly<string | null>
  public_metadata: ReadOnly<unknown>
  private_metadata: ReadOnly<unknown>
  expires_at: ReadOnly<Date | null>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** The email domains whose users may join an organization. */
export interface ClerkOrganizationDomains {
  id: ReadOnly<string>
  organization_id: ReadOnly<string | null>
  name: ReadOnly<string | null>
  enrollment_mode: ReadOnly<string | null>
  verified: ReadOnly<boolean | null>
  ownership_verified: ReadOnly<boolean | null>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** The roles that a member of an organization can have. */
export interface ClerkRoles {
  id: ReadOnly<string>
  name: ReadOnly<string | null>
  key: ReadOnly<string | null>
  description: ReadOnly<string | null>
  is_creator_eligible: ReadOnly<boolean | null>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** Which permissions a role grants. */
export interface ClerkRolePermissions {
  id: ReadOnly<string>
  role_id: ReadOnly<string>
  key: ReadOnly<string | null>
}

/** What a role can permit. */
export interface ClerkPermissions {
  id: ReadOnly<string>
  name: ReadOnly<string | null>
  key: ReadOnly<string | null>
  description: ReadOnly<string | null>
  type: ReadOnly<string | null>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** Where a user is or was signed in. Clerk deletes no session: its status says how it ended. */
export interface ClerkSessions {
  id: ReadOnly<string>
  user_id: ReadOnly<string | null>
  client_id: ReadOnly<string | null>
  actor: ReadOnly<unknown>
  status: ReadOnly<string | null>
  last_active_organization_id: ReadOnly<string | null>
  last_active_at: ReadOnly<Date | null>
  expire_at: ReadOnly<Date | null>
  abandon_at: ReadOnly<Date | null>
  ip_address: ReadOnly<string | null>
  city: ReadOnly<string | null>
  country: ReadOnly<string | null>
  device_type: ReadOnly<string | null>
  browser_name: ReadOnly<string | null>
  browser_version: ReadOnly<string | null>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** Who waits for access. */
export interface ClerkWaitlistEntries {
  id: ReadOnly<string>
  email_address: ReadOnly<string | null>
  status: ReadOnly<string | null>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** Who pays: a user or an organization. What they pay for is in `subscription_items`. */
export interface ClerkSubscriptions {
  id: ReadOnly<string>
  payer_id: ReadOnly<string | null>
  user_id: ReadOnly<string | null>
  organization_id: ReadOnly<string | null>
  status: ReadOnly<string | null>
  active_at: ReadOnly<Date | null>
  canceled_at: ReadOnly<Date | null>
  ended_at: ReadOnly<Date | null>
  past_due_at: ReadOnly<Date | null>
  latest_payment_id: ReadOnly<string | null>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** The plans of a subscription, past, present and upcoming. */
export interface ClerkSubscriptionItems {
  id: ReadOnly<string>
  subscription_id: ReadOnly<string | null>
  payer_id: ReadOnly<string | null>
  user_id: ReadOnly<string | null>
  organization_id: ReadOnly<string | null>
  plan_id: ReadOnly<string | null>
  plan_slug: ReadOnly<string | null>
  plan_name: ReadOnly<string | null>
  status: ReadOnly<string | null>
  interval: ReadOnly<string | null>
  is_free_trial: ReadOnly<boolean | null>
  seats: ReadOnly<string | null>
  amount: ReadOnly<string | null>
  currency: ReadOnly<string | null>
  period_start: ReadOnly<Date | null>
  period_end: ReadOnly<Date | null>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** Every attempt to charge a user or an organization, and how it ended. */
export interface ClerkPaymentAttempts {
  id: ReadOnly<string>
  payment_id: ReadOnly<string | null>
  statement_id: ReadOnly<string | null>
  invoice_id: ReadOnly<string | null>
  payer_id: ReadOnly<string | null>
  user_id: ReadOnly<string | null>
  organization_id: ReadOnly<string | null>
  status: ReadOnly<string | null>
  charge_type: ReadOnly<string | null>
  amount: ReadOnly<string | null>
  currency: ReadOnly<string | null>
  billing_date: ReadOnly<Date | null>
  paid_at: ReadOnly<Date | null>
  failed_at: ReadOnly<Date | null>
  failed_reason: ReadOnly<string | null>
  created_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  deleted_at: ReadOnly<Date | null>
  synced_at: ReadOnly<Date>
  event_occurred_at: ReadOnly<Date>
  event_id: ReadOnly<string>
}

/** The ids that are deleted. */
export interface ClerkTombstones {
  entity: ReadOnly<string>
  id: ReadOnly<string>
  deleted_at: ReadOnly<Date | null>
  recorded_at: ReadOnly<Date>
  organization_id: ReadOnly<string | null>
  user_id: ReadOnly<string | null>
  created_at: ReadOnly<Date | null>
}

/** The ledger: a row for every event, with what became of it. */
export interface ClerkWebhookEvents {
  id: ReadOnly<string>
  type: ReadOnly<string>
  entity_id: ReadOnly<string | null>
  outcome: ReadOnly<string>
  occurred_at: ReadOnly<Date>
  received_at: ReadOnly<Date>
  processed_at: ReadOnly<Date>
  user_id: ReadOnly<string | null>
  organization_id: ReadOnly<string | null>
  changed_columns: ReadOnly<string[] | null>
  changed_values: ReadOnly<unknown>
  client_ip: ReadOnly<string | null>
  user_agent: ReadOnly<string | null>
}

/** The tables and live views by their own names, for `db.withSchema('clerk')`. */
export interface ClerkTables {
  users: ClerkUsers
  live_users: ClerkUsers
  email_addresses: ClerkEmailAddresses
  live_email_addresses: ClerkEmailAddresses
  phone_numbers: ClerkPhoneNumbers
  live_phone_numbers: ClerkPhoneNumbers
  external_accounts: ClerkExternalAccounts
  live_external_accounts: ClerkExternalAccounts
  enterprise_accounts: ClerkEnterpriseAccounts
  live_enterprise_accounts: ClerkEnterpriseAccounts
  saml_accounts: ClerkSamlAccounts
  live_saml_accounts: ClerkSamlAccounts
  web3_wallets: ClerkWeb3Wallets
  live_web3_wallets: ClerkWeb3Wallets
  organizations: ClerkOrganizations
  live_organizations: ClerkOrganizations
  organization_memberships: ClerkOrganizationMemberships
  live_organization_memberships: ClerkOrganizationMemberships
  organization_invitations: ClerkOrganizationInvitations
  live_organization_invitations: ClerkOrganizationInvitations
  organization_domains: ClerkOrganizationDomains
  live_organization_domains: ClerkOrganizationDomains
  roles: ClerkRoles
  live_roles: ClerkRoles
  role_permissions: ClerkRolePermissions
  live_role_permissions: ClerkRolePermissions
  permissions: ClerkPermissions
  live_permissions: ClerkPermissions
  sessions: ClerkSessions
  live_sessions: ClerkSessions
  waitlist_entries: ClerkWaitlistEntries
  live_waitlist_entries: ClerkWaitlistEntries
  subscriptions: ClerkSubscriptions
  live_subscriptions: ClerkSubscriptions
  subscription_items: ClerkSubscriptionItems
  live_subscription_items: ClerkSubscriptionItems
  payment_attempts: ClerkPaymentAttempts
  live_payment_attempts: ClerkPaymentAttempts
  tombstones: ClerkTombstones
  webhook_events: ClerkWebhookEvents
}

/** The same with the schema before the name, for `db.selectFrom('clerk.users')`. */
export type ClerkDatabase<Schema extends string = 'clerk'> = {
  [Table in keyof ClerkTables as `${Schema}.${Table}`]: ClerkTables[Table]
}
