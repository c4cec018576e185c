import { dayMs } from './sample.ts'
import type { Sample, SampleContext } from './sample.ts'
import { buildUser } from './user.ts'

const idPrefix = 'sess'

export const sessionSamples = {
  'session.created': { idPrefix, build: (context) => buildSession(context, 'active') },
  'session.pending': { idPrefix, build: (context) => buildSession(context, 'pending') },
  'session.ended': { idPrefix, build: (context) => buildSession(context, 'ended') },
  'session.removed': { idPrefix, build: (context) => buildSession(context, 'removed') },
  'session.revoked': { idPrefix, build: buildImpersonatedSession },
} satisfies Record<string, Sample>

/** A support worker was signed in as the user. */
function buildImpersonatedSession(context: SampleContext) {
  return { ...buildSession(context, 'revoked'), actor: { sub: `user_${context.suffix}support` } }
}

function buildSession(context: SampleContext, status: string) {
  const user = buildUser({
    ...context,
    id: `user_${context.suffix}`,
    updatedAt: context.createdAt,
  })
  return {
    object: 'session',
    id: context.id,
    user_id: user.id,
    user,
    client_id: `client_${context.suffix}`,
    actor: null,
    status,
    last_active_organization_id: null,
    last_active_at: context.updatedAt,
    latest_activity: {
      object: 'session_activity',
      id: `sess_activity_${context.suffix}`,
      device_type: 'Linux',
      is_mobile: false,
      browser_name: 'Firefox',
      browser_version: '140.0',
      ip_address: '203.0.113.7',
      city: 'London',
      country: 'GB',
    },
    expire_at: context.createdAt + 7 * dayMs,
    abandon_at: context.createdAt + 30 * dayMs,
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}
