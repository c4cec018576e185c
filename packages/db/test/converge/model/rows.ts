import type { Entry, Permission, Role } from '../world/access.ts'
import type { Payment, Subscription, SubscriptionItem } from '../world/billing.ts'
import type { Domain, Invitation, Membership, Organization } from '../world/organizations.ts'
import type { Session, User } from '../world/people.ts'

export type TableRow = Record<string, unknown>

/** An empty string is how Clerk says none. */
const orNone = (id: string | undefined) => (id ? id : null)
const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())

/** What each table's row holds of Clerk's JSON, written from docs/tables.md. */
export const rowOf = {
  user: (user: User): TableRow => ({
    external_id: user.external_id,
    username: user.username,
    first_name: user.first_name,
    last_name: user.last_name,
    image_url: user.image_url,
    primary_email_address: user.email_addresses[0]?.email_address ?? null,
    primary_phone_number: user.phone_numbers[0]?.phone_number ?? null,
    public_metadata: user.public_metadata,
    unsafe_metadata: user.unsafe_metadata,
    private_metadata: user.private_metadata,
    banned: user.banned,
    locked: user.locked,
    last_sign_in_at: iso(user.last_sign_in_at),
  }),
  session: (session: Session): TableRow => ({
    user_id: session.user_id,
    client_id: session.client_id,
    status: session.status,
    last_active_organization_id: null,
    last_active_at: iso(session.last_active_at),
    expire_at: iso(session.expire_at),
    abandon_at: iso(session.abandon_at),
    ip_address: session.latest_activity?.ip_address ?? null,
    city: session.latest_activity?.city ?? null,
    country: null,
    device_type: null,
    browser_name: session.latest_activity?.browser_name ?? null,
    browser_version: null,
  }),
  organization: (organization: Organization): TableRow => ({
    name: organization.name,
    slug: organization.slug,
    image_url: organization.image_url,
    created_by: orNone(organization.created_by),
    public_metadata: organization.public_metadata,
  }),
  organizationMembership: (membership: Membership): TableRow => ({
    organization_id: membership.organization.id,
    user_id: membership.public_user_data?.user_id ?? null,
    role: membership.role,
    public_metadata: membership.public_metadata,
  }),
  organizationInvitation: (invitation: Invitation): TableRow => ({
    organization_id: invitation.organization_id,
    user_id: invitation.user_id ?? null,
    inviter_id: orNone(invitation.inviter_id),
    email_address: invitation.email_address,
    role: invitation.role,
    status: invitation.status,
    public_metadata: invitation.public_metadata,
    expires_at: iso(invitation.expires_at),
  }),
  organizationDomain: (domain: Domain): TableRow => ({
    organization_id: domain.organization_id,
    name: domain.name,
    enrollment_mode: domain.enrollment_mode,
    verified: (domain.affiliation_verification ?? domain.verification)?.status === 'verified',
    ownership_verified: domain.ownership_verification?.status === 'verified',
  }),
  role: (role: Role): TableRow => ({
    name: role.name,
    key: role.key,
    description: role.description,
    is_creator_eligible: role.is_creator_eligible,
  }),
  permission: (permission: Permission): TableRow => ({
    name: permission.name,
    key: permission.key,
    description: permission.description,
    type: permission.type,
  }),
  waitlistEntry: (entry: Entry): TableRow => ({
    email_address: entry.status === 'completed' ? null : entry.email_address,
    status: entry.status,
  }),
  subscription: (subscription: Subscription): TableRow => ({
    payer_id: subscription.payer_id,
    user_id: orNone(subscription.payer.user_id),
    organization_id: orNone(subscription.payer.organization_id),
    status: subscription.status,
    active_at: iso(subscription.active_at),
    canceled_at: iso(subscription.canceled_at),
    ended_at: iso(subscription.ended_at),
    past_due_at: iso(subscription.past_due_at),
    latest_payment_id: null,
  }),
  subscriptionItem: (item: SubscriptionItem): TableRow => ({
    subscription_id: item.subscription_id,
    payer_id: item.payer.id,
    user_id: orNone(item.payer.user_id),
    organization_id: orNone(item.payer.organization_id),
    plan_id: item.plan_id,
    plan_slug: item.plan.slug,
    plan_name: item.plan.name,
    status: item.status,
    interval: item.interval,
    is_free_trial: item.is_free_trial,
    seats: item.seats?.quantity ?? null,
    amount: item.plan.amount,
    currency: item.plan.currency,
    period_start: iso(item.period_start),
    period_end: iso(item.period_end),
  }),
  paymentAttempt: (payment: Payment): TableRow => ({
    payment_id: payment.payment_id,
    statement_id: payment.statement_id,
    invoice_id: null,
    payer_id: payment.payer.id,
    user_id: orNone(payment.payer.user_id),
    organization_id: orNone(payment.payer.organization_id),
    status: payment.status,
    charge_type: payment.charge_type,
    amount: payment.totals.grand_total.amount,
    currency: payment.totals.grand_total.currency,
    billing_date: iso(payment.billing_date),
    paid_at: iso(payment.paid_at),
    failed_at: iso(payment.failed_at),
    failed_reason: payment.failed_reason?.code ?? null,
  }),
}
