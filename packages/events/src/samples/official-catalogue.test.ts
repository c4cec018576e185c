import { describe, expect, test } from 'vitest'
import { buildSample } from './build-sample.ts'
import { buildOfficialValidator, officialTypes, readOfficialExample } from './official-catalogue.ts'

const subscriptionItem = ['/data/object must be equal to one of the allowed values']
const organizationDomain = [
  "/data must have required property 'affiliation_verification'",
  "/data must have required property 'ownership_verification'",
]
const organizationInvitation = [
  "/data must have required property 'inviter_id'",
  "/data must have required property 'public_inviter_data'",
]
const paymentAttempt = [
  "/data must have required property 'invoice_id'",
  "/data/payer must have required property 'organization_id'",
  "/data/payer must have required property 'organization_name'",
  "/data/subscription_items/0 must have required property 'object'",
  "/data/subscription_items/0 must have required property 'created_at'",
  "/data/subscription_items/0 must have required property 'updated_at'",
  "/data/subscription_items/0 must have required property 'interval'",
]

const brokenExamples: Record<string, string[]> = {
  'organizationDomain.created': organizationDomain,
  'organizationDomain.updated': [
    ...organizationDomain,
    "/data/verification must have required property 'verified_at'",
  ],
  'organizationInvitation.created': organizationInvitation,
  'organizationInvitation.accepted': [
    ...organizationInvitation,
    "/data must have required property 'data'",
  ],
  'organizationInvitation.revoked': organizationInvitation,
  'paymentAttempt.created': paymentAttempt,
  'paymentAttempt.updated': paymentAttempt,
  'role.updated': ["/data must have required property 'is_creator_eligible'"],
  'role.deleted': ['/data/slug must be string'],
  'session.pending': ['/data/status must be equal to one of the allowed values'],
  'sms.created': ["/data must have required property 'created_at_ms'"],
  'subscriptionItem.abandoned': subscriptionItem,
  'subscriptionItem.active': subscriptionItem,
  'subscriptionItem.canceled': subscriptionItem,
  'subscriptionItem.ended': subscriptionItem,
  'subscriptionItem.freeTrialEnding': subscriptionItem,
  'subscriptionItem.incomplete': subscriptionItem,
  'subscriptionItem.pastDue': subscriptionItem,
  'subscriptionItem.upcoming': subscriptionItem,
  'subscriptionItem.updated': subscriptionItem,
  'waitlistEntry.created': ['/data/object must be equal to one of the allowed values'],
  'waitlistEntry.updated': [
    '/data/object must be equal to one of the allowed values',
    "/data/invitation must have required property 'public_metadata'",
  ],
}

describe("Clerk's own examples", () => {
  const validate = buildOfficialValidator('meaning')

  test.for(officialTypes)('break the schema of %s only where we know it', (type) => {
    expect(validate(type, readOfficialExample(type))).toEqual(brokenExamples[type] ?? [])
  })

  test('name the type they stand for and, against the documentation, count in seconds', () => {
    for (const type of officialTypes) {
      expect(readOfficialExample(type)).toMatchObject({ type, timestamp: 1_716_883_200 })
    }
  })
})

describe('the catalogue read to the letter', () => {
  const validate = buildOfficialValidator('letter')

  test('both demands and forbids the user of a session', () => {
    const { data, ...envelope } = buildSample('session.created')
    const { user, ...session } = data
    expect(validate('session.created', { ...envelope, data: { ...session, user } })).toEqual([
      '/data must NOT have additional properties user',
    ])
    expect(validate('session.created', { ...envelope, data: session })).toEqual([
      "/data must have required property 'user'",
    ])
  })

  test('both demands and forbids the user who accepted an invitation', () => {
    const { data, ...envelope } = buildSample('organizationInvitation.accepted')
    const { user_id, data: more, ...invitation } = data
    const type = 'organizationInvitation.accepted'
    expect(
      validate(type, { ...envelope, data: { ...invitation, user_id, data: more } }).toSorted(),
    ).toEqual([
      '/data must NOT have additional properties data',
      '/data must NOT have additional properties user_id',
    ])
    expect(validate(type, { ...envelope, data: invitation })).toEqual([
      "/data must have required property 'user_id'",
      "/data must have required property 'data'",
    ])
  })
})
