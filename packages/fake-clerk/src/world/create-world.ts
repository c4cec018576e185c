import { createClock } from './clock.ts'
import type { Clock } from './clock.ts'
import { buildDomainChanges } from './domains.ts'
import { buildInvitationChanges } from './invitations.ts'
import { buildMembershipChanges } from './memberships.ts'
import { buildOrganizationChanges } from './organizations.ts'
import { buildPermissionChanges } from './permissions.ts'
import { createPublisher } from './publisher.ts'
import { buildRoleChanges } from './roles.ts'
import { buildSessionChanges } from './sessions.ts'
import { createStore } from './store.ts'
import type { GeneratedCounts } from './store.ts'
import { buildSubscriptionChanges } from './subscriptions.ts'
import { buildUserChanges } from './users.ts'
import { buildWaitlistEntryChanges } from './waitlist-entries.ts'

/** How a world begins and behaves. */
export interface WorldOptions {
  generated?: GeneratedCounts
  /** The time of the next change, in ms; by default the real time, never the same ms twice. */
  now?: Clock
  /**
   * Whether members and domains that go with their organization or user get events of their own.
   * Clerk doesn't say which it is, so both must work; off by default.
   */
  cascadeEvents?: boolean
}

/** A Clerk instance in memory: what it holds and the functions that change it. */
export type World = ReturnType<typeof createWorld>

/** Creates a world. Every function that changes it also tells the listeners, as webhooks would. */
export function createWorld({ generated = {}, now, cascadeEvents = false }: WorldOptions = {}) {
  const { onEvent, publish } = createPublisher()
  const store = createStore(generated)
  const context = { store, clock: createClock(now), publish, cascadeEvents }
  return {
    store,
    /** Listens to the webhook event of every change; returns the function that stops it. */
    onEvent,
    ...buildUserChanges(context),
    ...buildOrganizationChanges(context),
    ...buildMembershipChanges(context),
    ...buildInvitationChanges(context),
    ...buildDomainChanges(context),
    ...buildRoleChanges(context),
    ...buildPermissionChanges(context),
    ...buildWaitlistEntryChanges(context),
    ...buildSessionChanges(context),
    ...buildSubscriptionChanges(context),
  }
}
