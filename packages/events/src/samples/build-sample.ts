import type { EventType } from '../webhooks/event-types.ts'
import { createClerkId } from './clerk-id.ts'
import { emailSamples } from './email.ts'
import { organizationDomainSamples } from './organization-domain.ts'
import { organizationInvitationSamples } from './organization-invitation.ts'
import { organizationMembershipSamples } from './organization-membership.ts'
import { organizationSamples } from './organization.ts'
import { paymentAttemptSamples } from './payment-attempt.ts'
import { permissionSamples } from './permission.ts'
import { roleSamples } from './role.ts'
import { dayMs, instanceId } from './sample.ts'
import type { Sample } from './sample.ts'
import { sessionSamples } from './session.ts'
import { smsSamples } from './sms.ts'
import { subscriptionItemSamples } from './subscription-item.ts'
import { subscriptionSamples } from './subscription.ts'
import { userSamples } from './user.ts'
import { waitlistEntrySamples } from './waitlist-entry.ts'

const samples: Record<EventType, Sample> = {
  ...emailSamples,
  ...organizationSamples,
  ...organizationDomainSamples,
  ...organizationInvitationSamples,
  ...organizationMembershipSamples,
  ...paymentAttemptSamples,
  ...permissionSamples,
  ...roleSamples,
  ...sessionSamples,
  ...smsSamples,
  ...subscriptionSamples,
  ...subscriptionItemSamples,
  ...userSamples,
  ...waitlistEntrySamples,
}

/** Deliveries captured from Clerk were stamped 12 to 58 ms after `updated_at`. */
const publishDelayMs = 25

/** A whole webhook body, as Clerk sends it. Times are in ms. */
export interface SampleEvent {
  type: EventType
  object: 'event'
  instance_id: string
  timestamp: number
  event_attributes: { http_request: { client_ip: string; user_agent: string } }
  data: Record<string, unknown>
}

/**
 * Builds a sample event of the given type, with fresh ids and addresses on every call.
 *
 * `id` becomes `data.id`; events built for the same id tell of the same entity, with the same
 * address and the same neighbours. `now` is the time of the change in ms, which is `created_at` of
 * a `*.created` event and `updated_at` of the others, whose entity is a day old; the envelope's
 * `timestamp` follows a few ms later.
 *
 * @throws {RangeError} for a `now` before May 2014, where the ids' clock begins.
 */
export function buildSample(
  type: EventType,
  options: { id?: string; now?: number } = {},
): SampleEvent {
  const { idPrefix, build } = samples[type]
  const updatedAt = options.now ?? Date.now() - publishDelayMs
  const createdAt = type.endsWith('.created') ? updatedAt : updatedAt - dayMs
  const id = options.id ?? createClerkId(idPrefix, createdAt)
  const suffix = id.startsWith(`${idPrefix}_`) ? id.slice(idPrefix.length + 1) : id
  const tag = suffix
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(-10)
  return {
    type,
    object: 'event',
    instance_id: instanceId,
    timestamp: updatedAt + publishDelayMs,
    event_attributes: {
      http_request: {
        client_ip: '203.0.113.7',
        user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      },
    },
    data: build({ id, suffix, tag, createdAt, updatedAt }),
  }
}
