import { everything, selectKept } from '../entities/kept.ts'
import { expect, test } from 'vitest'
import { eventTypes } from './event-types.ts'

const effects: Record<string, string> = {
  'email.created': 'record',
  'organization.created': 'upsert organization',
  'organization.updated': 'upsert organization',
  'organization.deleted': 'delete organization',
  'organizationDomain.created': 'upsert organization_domain',
  'organizationDomain.updated': 'upsert organization_domain',
  'organizationDomain.deleted': 'delete organization_domain',
  'organizationInvitation.created': 'upsert organization_invitation',
  'organizationInvitation.accepted': 'upsert organization_invitation',
  'organizationInvitation.revoked': 'upsert organization_invitation',
  'organizationMembership.created': 'upsert organization_membership',
  'organizationMembership.updated': 'upsert organization_membership',
  'organizationMembership.deleted': 'delete organization_membership',
  'paymentAttempt.created': 'upsert payment_attempt',
  'paymentAttempt.updated': 'upsert payment_attempt',
  'permission.created': 'upsert permission',
  'permission.updated': 'upsert permission',
  'permission.deleted': 'delete permission',
  'role.created': 'upsert role',
  'role.updated': 'upsert role',
  'role.deleted': 'delete role',
  'session.created': 'upsert session',
  'session.pending': 'upsert session',
  'session.ended': 'upsert session',
  'session.removed': 'upsert session',
  'session.revoked': 'upsert session',
  'sms.created': 'record',
  'subscription.created': 'upsert subscription',
  'subscription.updated': 'upsert subscription',
  'subscription.active': 'upsert subscription',
  'subscription.pastDue': 'upsert subscription',
  'subscriptionItem.created': 'upsert subscription_item',
  'subscriptionItem.updated': 'upsert subscription_item',
  'subscriptionItem.active': 'upsert subscription_item',
  'subscriptionItem.canceled': 'upsert subscription_item',
  'subscriptionItem.upcoming': 'upsert subscription_item',
  'subscriptionItem.ended': 'upsert subscription_item',
  'subscriptionItem.abandoned': 'upsert subscription_item',
  'subscriptionItem.incomplete': 'upsert subscription_item',
  'subscriptionItem.pastDue': 'upsert subscription_item',
  'subscriptionItem.freeTrialEnding': 'upsert subscription_item',
  'user.created': 'upsert user',
  'user.updated': 'upsert user',
  'user.deleted': 'delete user',
  'waitlistEntry.created': 'upsert waitlist_entry',
  'waitlistEntry.updated': 'upsert waitlist_entry',
}

const all = selectKept(everything)

test.each(eventTypes)('%s has its effect on the tables', (type) => {
  const effect = all.effectOf(type)
  const entity = 'entity' in effect ? ` ${effect.entity.name}` : ''
  expect(`${effect.action}${entity}`).toBe(effects[type])
})

test('by default only sessions are left out', () => {
  const left = eventTypes.filter((type) => selectKept().effectOf(type).action === 'leave')
  expect(left).toEqual(eventTypes.filter((type) => type.startsWith('session.')))
})
