/**
 * All webhook event types of Clerk: the 45 of the official catalogue
 * (github.com/clerk/openapi-specs, webhooks/2025-04-15.yml, copied to ../catalogue) and
 * `subscriptionItem.created`, which only the SDK lists (`@clerk/backend` 3.25.0, Webhooks.d.ts).
 */
export const eventTypes = [
  'email.created',
  'organization.created',
  'organization.updated',
  'organization.deleted',
  'organizationDomain.created',
  'organizationDomain.updated',
  'organizationDomain.deleted',
  'organizationInvitation.created',
  'organizationInvitation.accepted',
  'organizationInvitation.revoked',
  'organizationMembership.created',
  'organizationMembership.updated',
  'organizationMembership.deleted',
  'paymentAttempt.created',
  'paymentAttempt.updated',
  'permission.created',
  'permission.updated',
  'permission.deleted',
  'role.created',
  'role.updated',
  'role.deleted',
  'session.created',
  'session.pending',
  'session.ended',
  'session.removed',
  'session.revoked',
  'sms.created',
  'subscription.created',
  'subscription.updated',
  'subscription.active',
  'subscription.pastDue',
  'subscriptionItem.created',
  'subscriptionItem.updated',
  'subscriptionItem.active',
  'subscriptionItem.canceled',
  'subscriptionItem.upcoming',
  'subscriptionItem.ended',
  'subscriptionItem.abandoned',
  'subscriptionItem.incomplete',
  'subscriptionItem.pastDue',
  'subscriptionItem.freeTrialEnding',
  'user.created',
  'user.updated',
  'user.deleted',
  'waitlistEntry.created',
  'waitlistEntry.updated',
] as const

/** The name of one of Clerk's webhook event types. */
export type EventType = (typeof eventTypes)[number]

const knownTypes: ReadonlySet<string> = new Set(eventTypes)

/** Whether an event type is known. Clerk may add further ones at any time. */
export function isEventType(type: string): type is EventType {
  return knownTypes.has(type)
}
