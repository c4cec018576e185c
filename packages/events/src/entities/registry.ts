import type { Entity } from './entity.ts'
import { organizationDomain } from './organization-domain.ts'
import { organizationInvitation } from './organization-invitation.ts'
import { organizationMembership } from './organization-membership.ts'
import { organization } from './organization.ts'
import { paymentAttempt } from './payment-attempt.ts'
import { permission } from './permission.ts'
import { role } from './role.ts'
import { session } from './session.ts'
import { subscriptionItem } from './subscription-item.ts'
import { subscription } from './subscription.ts'
import { user } from './user.ts'
import { waitlistEntry } from './waitlist-entry.ts'

/** Every entity that has a table. */
export const entities: readonly Entity[] = [
  user,
  organization,
  organizationMembership,
  organizationInvitation,
  organizationDomain,
  role,
  permission,
  session,
  waitlistEntry,
  subscription,
  subscriptionItem,
  paymentAttempt,
]

/**
 * Types that reach the ledger only, with whom they concern: the bodies of messages hold one-time
 * codes.
 */
export const messages: {
  readonly types: readonly string[]
  readonly concerns: Entity['concerns']
} = { types: ['email.created', 'sms.created'], concerns: { user: 'user_id' } }
