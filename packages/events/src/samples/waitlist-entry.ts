import { dayMs } from './sample.ts'
import type { Sample, SampleContext } from './sample.ts'

const idPrefix = 'wle'

export const waitlistEntrySamples = {
  'waitlistEntry.created': { idPrefix, build: buildWaitlistEntry },
  'waitlistEntry.updated': { idPrefix, build: buildInvitedWaitlistEntry },
} satisfies Record<string, Sample>

function buildWaitlistEntry(context: SampleContext) {
  return {
    object: 'waitlist_entry',
    id: context.id,
    email_address: `grace.${context.tag}@example.com`,
    status: 'pending',
    is_locked: false,
    invitation: null,
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}

function buildInvitedWaitlistEntry(context: SampleContext) {
  const entry = buildWaitlistEntry(context)
  return {
    ...entry,
    status: 'invited',
    invitation: {
      object: 'invitation',
      id: `inv_${context.suffix}`,
      email_address: entry.email_address,
      public_metadata: {},
      revoked: false,
      status: 'pending',
      url: `https://accounts.example.com/sign-up?ticket=${context.tag}`,
      expires_at: context.updatedAt + 30 * dayMs,
      created_at: context.updatedAt,
      updated_at: context.updatedAt,
    },
  }
}
