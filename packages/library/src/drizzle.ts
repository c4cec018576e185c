// Written by `npx -y pnpm@12 schemas` from the entities in packages/events. Don't edit it here.

import { relations } from 'drizzle-orm'
import { bigint, boolean, jsonb, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'

const time = (name: string) => timestamp(name, { precision: 3, withTimezone: true })

const usersColumns = () => ({
  id: text('id').primaryKey(),
  externalId: text('external_id'),
  username: text('username'),
  firstName: text('first_name'),
  lastName: text('last_name'),
  imageUrl: text('image_url'),
  primaryEmailAddress: text('primary_email_address'),
  primaryPhoneNumber: text('primary_phone_number'),
  publicMetadata: jsonb('public_metadata'),
  unsafeMetadata: jsonb('unsafe_metadata'),
  privateMetadata: jsonb('private_metadata'),
  banned: boolean('banned'),
  locked: boolean('locked'),
  deprovisioned: boolean('deprovisioned'),
  lastSignInAt: time('last_sign_in_at'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const emailAddressesColumns = () => ({
  id: text('id').notNull(),
  userId: text('user_id').notNull(),
  emailAddress: text('email_address'),
  verified: boolean('verified').notNull(),
  isPrimary: boolean('is_primary').notNull(),
})

const phoneNumbersColumns = () => ({
  id: text('id').notNull(),
  userId: text('user_id').notNull(),
  phoneNumber: text('phone_number'),
  verified: boolean('verified').notNull(),
  isPrimary: boolean('is_primary').notNull(),
})

const externalAccountsColumns = () => ({
  id: text('id').notNull(),
  userId: text('user_id').notNull(),
  provider: text('provider'),
  providerUserId: text('provider_user_id'),
  emailAddress: text('email_address'),
  username: text('username'),
  verified: boolean('verified').notNull(),
})

const enterpriseAccountsColumns = () => ({
  id: text('id').notNull(),
  userId: text('user_id').notNull(),
  protocol: text('protocol'),
  provider: text('provider'),
  providerUserId: text('provider_user_id'),
  emailAddress: text('email_address'),
  active: boolean('active'),
  verified: boolean('verified').notNull(),
  connectionId: text('connection_id'),
  lastAuthenticatedAt: time('last_authenticated_at'),
})

const samlAccountsColumns = () => ({
  id: text('id').notNull(),
  userId: text('user_id').notNull(),
  provider: text('provider'),
  providerUserId: text('provider_user_id'),
  emailAddress: text('email_address'),
  active: boolean('active'),
  verified: boolean('verified').notNull(),
  connectionId: text('connection_id'),
  lastAuthenticatedAt: time('last_authenticated_at'),
})

const web3WalletsColumns = () => ({
  id: text('id').notNull(),
  userId: text('user_id').notNull(),
  web3Wallet: text('web3_wallet'),
  verified: boolean('verified').notNull(),
  isPrimary: boolean('is_primary').notNull(),
})

const organizationsColumns = () => ({
  id: text('id').primaryKey(),
  name: text('name'),
  slug: text('slug'),
  imageUrl: text('image_url'),
  createdBy: text('created_by'),
  publicMetadata: jsonb('public_metadata'),
  privateMetadata: jsonb('private_metadata'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const organizationMembershipsColumns = () => ({
  id: text('id').primaryKey(),
  organizationId: text('organization_id'),
  userId: text('user_id'),
  role: text('role'),
  permissions: jsonb('permissions'),
  publicMetadata: jsonb('public_metadata'),
  privateMetadata: jsonb('private_metadata'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const organizationInvitationsColumns = () => ({
  id: text('id').primaryKey(),
  organizationId: text('organization_id'),
  userId: text('user_id'),
  inviterId: text('inviter_id'),
  emailAddress: text('email_address'),
  role: text('role'),
  status: text('status'),
  publicMetadata: jsonb('public_metadata'),
  privateMetadata: jsonb('private_metadata'),
  expiresAt: time('expires_at'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const organizationDomainsColumns = () => ({
  id: text('id').primaryKey(),
  organizationId: text('organization_id'),
  name: text('name'),
  enrollmentMode: text('enrollment_mode'),
  verified: boolean('verified'),
  ownershipVerified: boolean('ownership_verified'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const rolesColumns = () => ({
  id: text('id').primaryKey(),
  name: text('name'),
  key: text('key'),
  description: text('description'),
  isCreatorEligible: boolean('is_creator_eligible'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const rolePermissionsColumns = () => ({
  id: text('id').notNull(),
  roleId: text('role_id').notNull(),
  key: text('key'),
})

const permissionsColumns = () => ({
  id: text('id').primaryKey(),
  name: text('name'),
  key: text('key'),
  description: text('description'),
  type: text('type'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const sessionsColumns = () => ({
  id: text('id').primaryKey(),
  userId: text('user_id'),
  clientId: text('client_id'),
  actor: jsonb('actor'),
  status: text('status'),
  lastActiveOrganizationId: text('last_active_organization_id'),
  lastActiveAt: time('last_active_at'),
  expireAt: time('expire_at'),
  abandonAt: time('abandon_at'),
  ipAddress: text('ip_address'),
  city: text('city'),
  country: text('country'),
  deviceType: text('device_type'),
  browserName: text('browser_name'),
  browserVersion: text('browser_version'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const waitlistEntriesColumns = () => ({
  id: text('id').primaryKey(),
  emailAddress: text('email_address'),
  status: text('status'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const subscriptionsColumns = () => ({
  id: text('id').primaryKey(),
  payerId: text('payer_id'),
  userId: text('user_id'),
  organizationId: text('organization_id'),
  status: text('status'),
  activeAt: time('active_at'),
  canceledAt: time('canceled_at'),
  endedAt: time('ended_at'),
  pastDueAt: time('past_due_at'),
  latestPaymentId: text('latest_payment_id'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const subscriptionItemsColumns = () => ({
  id: text('id').primaryKey(),
  subscriptionId: text('subscription_id'),
  payerId: text('payer_id'),
  userId: text('user_id'),
  organizationId: text('organization_id'),
  planId: text('plan_id'),
  planSlug: text('plan_slug'),
  planName: text('plan_name'),
  status: text('status'),
  interval: text('interval'),
  isFreeTrial: boolean('is_free_trial'),
  seats: bigint('seats', { mode: 'bigint' }),
  amount: bigint('amount', { mode: 'bigint' }),
  currency: text('currency'),
  periodStart: time('period_start'),
  periodEnd: time('period_end'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const paymentAttemptsColumns = () => ({
  id: text('id').primaryKey(),
  paymentId: text('payment_id'),
  statementId: text('statement_id'),
  invoiceId: text('invoice_id'),
  payerId: text('payer_id'),
  userId: text('user_id'),
  organizationId: text('organization_id'),
  status: text('status'),
  chargeType: text('charge_type'),
  amount: bigint('amount', { mode: 'bigint' }),
  currency: text('currency'),
  billingDate: time('billing_date'),
  paidAt: time('paid_at'),
  failedAt: time('failed_at'),
  failedReason: text('failed_reason'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at').notNull(),
  deletedAt: time('deleted_at'),
  syncedAt: time('synced_at').notNull(),
  eventOccurredAt: time('event_occurred_at').notNull(),
  eventId: text('event_id').notNull(),
})

const tombstonesColumns = () => ({
  entity: text('entity').notNull(),
  id: text('id').notNull(),
  deletedAt: time('deleted_at'),
  recordedAt: time('recorded_at').notNull(),
  organizationId: text('organization_id'),
  userId: text('user_id'),
  createdAt: time('created_at'),
})

const webhookEventsColumns = () => ({
  id: text('id').primaryKey(),
  type: text('type').notNull(),
  entityId: text('entity_id'),
  outcome: text('outcome').notNull(),
  occurredAt: time('occurred_at').notNull(),
  receivedAt: time('received_at').notNull(),
  processedAt: time('processed_at').notNull(),
  userId: text('user_id'),
  organizationId: text('organization_id'),
  changedColumns: text('changed_columns').array(),
  changedValues: jsonb('changed_values'),
  clientIp: text('client_ip'),
  userAgent: text('user_agent'),
})

/**
 * The tables of clerk-sync in the schema of this name, their live views, and their relations for
 * `drizzle({ schema })`. Read them only: the next event overwrites what you write.
 */
export function clerkTables<Schema extends string>(name: Schema) {
  const schema = pgSchema(name)
  const users = schema.table('users', usersColumns())
  const liveUsers = schema.view('live_users', usersColumns()).existing()
  const emailAddresses = schema.table('email_addresses', emailAddressesColumns(), (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
  ])
  const liveEmailAddresses = schema.view('live_email_addresses', emailAddressesColumns()).existing()
  const phoneNumbers = schema.table('phone_numbers', phoneNumbersColumns(), (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
  ])
  const livePhoneNumbers = schema.view('live_phone_numbers', phoneNumbersColumns()).existing()
  const externalAccounts = schema.table('external_accounts', externalAccountsColumns(), (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
  ])
  const liveExternalAccounts = schema.view('live_external_accounts', externalAccountsColumns()).existing()
  const enterpriseAccounts = schema.table('enterprise_accounts', enterpriseAccountsColumns(), (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
  ])
  const liveEnterpriseAccounts = schema.view('live_enterprise_accounts', enterpriseAccountsColumns()).existing()
  const samlAccounts = schema.table('saml_accounts', samlAccountsColumns(), (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
  ])
  const liveSamlAccounts = schema.view('live_saml_accounts', samlAccountsColumns()).existing()
  const web3Wallets = schema.table('web3_wallets', web3WalletsColumns(), (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
  ])
  const liveWeb3Wallets = schema.view('live_web3_wallets', web3WalletsColumns()).existing()
  const organizations = schema.table('organizations', organizationsColumns())
  const liveOrganizations = schema.view('live_organizations', organizationsColumns()).existing()
  const organizationMemberships = schema.table('organization_memberships', organizationMembershipsColumns())
  const liveOrganizationMemberships = schema.view('live_organization_memberships', organizationMembershipsColumns()).existing()
  const organizationInvitations = schema.table('organization_invitations', organizationInvitationsColumns())
  const liveOrganizationInvitations = schema.view('live_organization_invitations', organizationInvitationsColumns()).existing()
  const organizationDomains = schema.table('organization_domains', organizationDomainsColumns())
  const liveOrganizationDomains = schema.view('live_organization_domains', organizationDomainsColumns()).existing()
  const roles = schema.table('roles', rolesColumns())
  const liveRoles = schema.view('live_roles', rolesColumns()).existing()
  const rolePermissions = schema.table('role_permissions', rolePermissionsColumns(), (table) => [
    primaryKey({ columns: [table.roleId, table.id] }),
  ])
  const liveRolePermissions = schema.view('live_role_permissions', rolePermissionsColumns()).existing()
  const permissions = schema.table('permissions', permissionsColumns())
  const livePermissions = schema.view('live_permissions', permissionsColumns()).existing()
  const sessions = schema.table('sessions', sessionsColumns())
  const liveSessions = schema.view('live_sessions', sessionsColumns()).existing()
  const waitlistEntries = schema.table('waitlist_entries', waitlistEntriesColumns())
  const liveWaitlistEntries = schema.view('live_waitlist_entries', waitlistEntriesColumns()).existing()
  const subscriptions = schema.table('subscriptions', subscriptionsColumns())
  const liveSubscriptions = schema.view('live_subscriptions', subscriptionsColumns()).existing()
  const subscriptionItems = schema.table('subscription_items', subscriptionItemsColumns())
  const liveSubscriptionItems = schema.view('live_subscription_items', subscriptionItemsColumns()).existing()
  const paymentAttempts = schema.table('payment_attempts', paymentAttemptsColumns())
  const livePaymentAttempts = schema.view('live_payment_attempts', paymentAttemptsColumns()).existing()
  const tombstones = schema.table('tombstones', tombstonesColumns(), (table) => [
    primaryKey({ columns: [table.entity, table.id] }),
  ])
  const webhookEvents = schema.table('webhook_events', webhookEventsColumns())

  const usersRelations = relations(users, ({ many }) => ({
    emailAddresses: many(emailAddresses, {
      relationName: 'email_addresses.user_id',
    }),
    phoneNumbers: many(phoneNumbers, {
      relationName: 'phone_numbers.user_id',
    }),
    externalAccounts: many(externalAccounts, {
      relationName: 'external_accounts.user_id',
    }),
    enterpriseAccounts: many(enterpriseAccounts, {
      relationName: 'enterprise_accounts.user_id',
    }),
    samlAccounts: many(samlAccounts, {
      relationName: 'saml_accounts.user_id',
    }),
    web3Wallets: many(web3Wallets, {
      relationName: 'web3_wallets.user_id',
    }),
    createdOrganizations: many(organizations, {
      relationName: 'organizations.created_by',
    }),
    organizationMemberships: many(organizationMemberships, {
      relationName: 'organization_memberships.user_id',
    }),
    organizationInvitations: many(organizationInvitations, {
      relationName: 'organization_invitations.user_id',
    }),
    sentInvitations: many(organizationInvitations, {
      relationName: 'organization_invitations.inviter_id',
    }),
    sessions: many(sessions, {
      relationName: 'sessions.user_id',
    }),
    subscriptions: many(subscriptions, {
      relationName: 'subscriptions.user_id',
    }),
    subscriptionItems: many(subscriptionItems, {
      relationName: 'subscription_items.user_id',
    }),
    paymentAttempts: many(paymentAttempts, {
      relationName: 'payment_attempts.user_id',
    }),
  }))

  const emailAddressesRelations = relations(emailAddresses, ({ one }) => ({
    user: one(users, {
      fields: [emailAddresses.userId],
      references: [users.id],
      relationName: 'email_addresses.user_id',
    }),
  }))

  const phoneNumbersRelations = relations(phoneNumbers, ({ one }) => ({
    user: one(users, {
      fields: [phoneNumbers.userId],
      references: [users.id],
      relationName: 'phone_numbers.user_id',
    }),
  }))

  const externalAccountsRelations = relations(externalAccounts, ({ one }) => ({
    user: one(users, {
      fields: [externalAccounts.userId],
      references: [users.id],
      relationName: 'external_accounts.user_id',
    }),
  }))

  const enterpriseAccountsRelations = relations(enterpriseAccounts, ({ one }) => ({
    user: one(users, {
      fields: [enterpriseAccounts.userId],
      references: [users.id],
      relationName: 'enterprise_accounts.user_id',
    }),
  }))

  const samlAccountsRelations = relations(samlAccounts, ({ one }) => ({
    user: one(users, {
      fields: [samlAccounts.userId],
      references: [users.id],
      relationName: 'saml_accounts.user_id',
    }),
  }))

  const web3WalletsRelations = relations(web3Wallets, ({ one }) => ({
    user: one(users, {
      fields: [web3Wallets.userId],
      references: [users.id],
      relationName: 'web3_wallets.user_id',
    }),
  }))

  const organizationsRelations = relations(organizations, ({ one, many }) => ({
    creator: one(users, {
      fields: [organizations.createdBy],
      references: [users.id],
      relationName: 'organizations.created_by',
    }),
    organizationMemberships: many(organizationMemberships, {
      relationName: 'organization_memberships.organization_id',
    }),
    organizationInvitations: many(organizationInvitations, {
      relationName: 'organization_invitations.organization_id',
    }),
    organizationDomains: many(organizationDomains, {
      relationName: 'organization_domains.organization_id',
    }),
    lastActiveSessions: many(sessions, {
      relationName: 'sessions.last_active_organization_id',
    }),
    subscriptions: many(subscriptions, {
      relationName: 'subscriptions.organization_id',
    }),
    subscriptionItems: many(subscriptionItems, {
      relationName: 'subscription_items.organization_id',
    }),
    paymentAttempts: many(paymentAttempts, {
      relationName: 'payment_attempts.organization_id',
    }),
  }))

  const organizationMembershipsRelations = relations(organizationMemberships, ({ one }) => ({
    organization: one(organizations, {
      fields: [organizationMemberships.organizationId],
      references: [organizations.id],
      relationName: 'organization_memberships.organization_id',
    }),
    user: one(users, {
      fields: [organizationMemberships.userId],
      references: [users.id],
      relationName: 'organization_memberships.user_id',
    }),
  }))

  const organizationInvitationsRelations = relations(organizationInvitations, ({ one }) => ({
    organization: one(organizations, {
      fields: [organizationInvitations.organizationId],
      references: [organizations.id],
      relationName: 'organization_invitations.organization_id',
    }),
    user: one(users, {
      fields: [organizationInvitations.userId],
      references: [users.id],
      relationName: 'organization_invitations.user_id',
    }),
    inviter: one(users, {
      fields: [organizationInvitations.inviterId],
      references: [users.id],
      relationName: 'organization_invitations.inviter_id',
    }),
  }))

  const organizationDomainsRelations = relations(organizationDomains, ({ one }) => ({
    organization: one(organizations, {
      fields: [organizationDomains.organizationId],
      references: [organizations.id],
      relationName: 'organization_domains.organization_id',
    }),
  }))

  const rolesRelations = relations(roles, ({ many }) => ({
    rolePermissions: many(rolePermissions, {
      relationName: 'role_permissions.role_id',
    }),
  }))

  const rolePermissionsRelations = relations(rolePermissions, ({ one }) => ({
    role: one(roles, {
      fields: [rolePermissions.roleId],
      references: [roles.id],
      relationName: 'role_permissions.role_id',
    }),
  }))

  const sessionsRelations = relations(sessions, ({ one }) => ({
    user: one(users, {
      fields: [sessions.userId],
      references: [users.id],
      relationName: 'sessions.user_id',
    }),
    lastActiveOrganization: one(organizations, {
      fields: [sessions.lastActiveOrganizationId],
      references: [organizations.id],
      relationName: 'sessions.last_active_organization_id',
    }),
  }))

  const subscriptionsRelations = relations(subscriptions, ({ one, many }) => ({
    user: one(users, {
      fields: [subscriptions.userId],
      references: [users.id],
      relationName: 'subscriptions.user_id',
    }),
    organization: one(organizations, {
      fields: [subscriptions.organizationId],
      references: [organizations.id],
      relationName: 'subscriptions.organization_id',
    }),
    subscriptionItems: many(subscriptionItems, {
      relationName: 'subscription_items.subscription_id',
    }),
  }))

  const subscriptionItemsRelations = relations(subscriptionItems, ({ one }) => ({
    subscription: one(subscriptions, {
      fields: [subscriptionItems.subscriptionId],
      references: [subscriptions.id],
      relationName: 'subscription_items.subscription_id',
    }),
    user: one(users, {
      fields: [subscriptionItems.userId],
      references: [users.id],
      relationName: 'subscription_items.user_id',
    }),
    organization: one(organizations, {
      fields: [subscriptionItems.organizationId],
      references: [organizations.id],
      relationName: 'subscription_items.organization_id',
    }),
  }))

  const paymentAttemptsRelations = relations(paymentAttempts, ({ one }) => ({
    user: one(users, {
      fields: [paymentAttempts.userId],
      references: [users.id],
      relationName: 'payment_attempts.user_id',
    }),
    organization: one(organizations, {
      fields: [paymentAttempts.organizationId],
      references: [organizations.id],
      relationName: 'payment_attempts.organization_id',
    }),
  }))

  return {
    users,
    liveUsers,
    emailAddresses,
    liveEmailAddresses,
    phoneNumbers,
    livePhoneNumbers,
    externalAccounts,
    liveExternalAccounts,
    enterpriseAccounts,
    liveEnterpriseAccounts,
    samlAccounts,
    liveSamlAccounts,
    web3Wallets,
    liveWeb3Wallets,
    organizations,
    liveOrganizations,
    organizationMemberships,
    liveOrganizationMemberships,
    organizationInvitations,
    liveOrganizationInvitations,
    organizationDomains,
    liveOrganizationDomains,
    roles,
    liveRoles,
    rolePermissions,
    liveRolePermissions,
    permissions,
    livePermissions,
    sessions,
    liveSessions,
    waitlistEntries,
    liveWaitlistEntries,
    subscriptions,
    liveSubscriptions,
    subscriptionItems,
    liveSubscriptionItems,
    paymentAttempts,
    livePaymentAttempts,
    tombstones,
    webhookEvents,
    usersRelations,
    emailAddressesRelations,
    phoneNumbersRelations,
    externalAccountsRelations,
    enterpriseAccountsRelations,
    samlAccountsRelations,
    web3WalletsRelations,
    organizationsRelations,
    organizationMembershipsRelations,
    organizationInvitationsRelations,
    organizationDomainsRelations,
    rolesRelations,
    rolePermissionsRelations,
    sessionsRelations,
    subscriptionsRelations,
    subscriptionItemsRelations,
    paymentAttemptsRelations,
  }
}

export type ClerkTables<Schema extends string = 'clerk'> = ReturnType<typeof clerkTables<Schema>>

const clerk: ClerkTables = clerkTables('clerk')
export default clerk

export const users: ClerkTables['users'] = clerk.users
export const liveUsers: ClerkTables['liveUsers'] = clerk.liveUsers
export const usersRelations: ClerkTables['usersRelations'] = clerk.usersRelations
export const emailAddresses: ClerkTables['emailAddresses'] = clerk.emailAddresses
export const liveEmailAddresses: ClerkTables['liveEmailAddresses'] = clerk.liveEmailAddresses
export const emailAddressesRelations: ClerkTables['emailAddressesRelations'] = clerk.emailAddressesRelations
export const phoneNumbers: ClerkTables['phoneNumbers'] = clerk.phoneNumbers
export const livePhoneNumbers: ClerkTables['livePhoneNumbers'] = clerk.livePhoneNumbers
export const phoneNumbersRelations: ClerkTables['phoneNumbersRelations'] = clerk.phoneNumbersRelations
export const externalAccounts: ClerkTables['externalAccounts'] = clerk.externalAccounts
export const liveExternalAccounts: ClerkTables['liveExternalAccounts'] = clerk.liveExternalAccounts
export const externalAccountsRelations: ClerkTables['externalAccountsRelations'] = clerk.externalAccountsRelations
export const enterpriseAccounts: ClerkTables['enterpriseAccounts'] = clerk.enterpriseAccounts
export const liveEnterpriseAccounts: ClerkTables['liveEnterpriseAccounts'] = clerk.liveEnterpriseAccounts
export const enterpriseAccountsRelations: ClerkTables['enterpriseAccountsRelations'] = clerk.enterpriseAccountsRelations
export const samlAccounts: ClerkTables['samlAccounts'] = clerk.samlAccounts
export const liveSamlAccounts: ClerkTables['liveSamlAccounts'] = clerk.liveSamlAccounts
export const samlAccountsRelations: ClerkTables['samlAccountsRelations'] = clerk.samlAccountsRelations
export const web3Wallets: ClerkTables['web3Wallets'] = clerk.web3Wallets
export const liveWeb3Wallets: ClerkTables['liveWeb3Wallets'] = clerk.liveWeb3Wallets
export const web3WalletsRelations: ClerkTables['web3WalletsRelations'] = clerk.web3WalletsRelations
export const organizations: ClerkTables['organizations'] = clerk.organizations
export const liveOrganizations: ClerkTables['liveOrganizations'] = clerk.liveOrganizations
export const organizationsRelations: ClerkTables['organizationsRelations'] = clerk.organizationsRelations
export const organizationMemberships: ClerkTables['organizationMemberships'] = clerk.organizationMemberships
export const liveOrganizationMemberships: ClerkTables['liveOrganizationMemberships'] = clerk.liveOrganizationMemberships
export const organizationMembershipsRelations: ClerkTables['organizationMembershipsRelations'] = clerk.organizationMembershipsRelations
export const organizationInvitations: ClerkTables['organizationInvitations'] = clerk.organizationInvitations
export const liveOrganizationInvitations: ClerkTables['liveOrganizationInvitations'] = clerk.liveOrganizationInvitations
export const organizationInvitationsRelations: ClerkTables['organizationInvitationsRelations'] = clerk.organizationInvitationsRelations
export const organizationDomains: ClerkTables['organizationDomains'] = clerk.organizationDomains
export const liveOrganizationDomains: ClerkTables['liveOrganizationDomains'] = clerk.liveOrganizationDomains
export const organizationDomainsRelations: ClerkTables['organizationDomainsRelations'] = clerk.organizationDomainsRelations
export const roles: ClerkTables['roles'] = clerk.roles
export const liveRoles: ClerkTables['liveRoles'] = clerk.liveRoles
export const rolesRelations: ClerkTables['rolesRelations'] = clerk.rolesRelations
export const rolePermissions: ClerkTables['rolePermissions'] = clerk.rolePermissions
export const liveRolePermissions: ClerkTables['liveRolePermissions'] = clerk.liveRolePermissions
export const rolePermissionsRelations: ClerkTables['rolePermissionsRelations'] = clerk.rolePermissionsRelations
export const permissions: ClerkTables['permissions'] = clerk.permissions
export const livePermissions: ClerkTables['livePermissions'] = clerk.livePermissions
export const sessions: ClerkTables['sessions'] = clerk.sessions
export const liveSessions: ClerkTables['liveSessions'] = clerk.liveSessions
export const sessionsRelations: ClerkTables['sessionsRelations'] = clerk.sessionsRelations
export const waitlistEntries: ClerkTables['waitlistEntries'] = clerk.waitlistEntries
export const liveWaitlistEntries: ClerkTables['liveWaitlistEntries'] = clerk.liveWaitlistEntries
export const subscriptions: ClerkTables['subscriptions'] = clerk.subscriptions
export const liveSubscriptions: ClerkTables['liveSubscriptions'] = clerk.liveSubscriptions
export const subscriptionsRelations: ClerkTables['subscriptionsRelations'] = clerk.subscriptionsRelations
export const subscriptionItems: ClerkTables['subscriptionItems'] = clerk.subscriptionItems
export const liveSubscriptionItems: ClerkTables['liveSubscriptionItems'] = clerk.liveSubscriptionItems
export const subscriptionItemsRelations: ClerkTables['subscriptionItemsRelations'] = clerk.subscriptionItemsRelations
export const paymentAttempts: ClerkTables['paymentAttempts'] = clerk.paymentAttempts
export const livePaymentAttempts: ClerkTables['livePaymentAttempts'] = clerk.livePaymentAttempts
export const paymentAttemptsRelations: ClerkTables['paymentAttemptsRelations'] = clerk.paymentAttemptsRelations
export const tombstones: ClerkTables['tombstones'] = clerk.tombstones
export const webhookEvents: ClerkTables['webhookEvents'] = clerk.webhookEvents
