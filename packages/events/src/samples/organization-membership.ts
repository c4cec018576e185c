import { buildOrganization } from './organization.ts'
import type { Sample, SampleContext } from './sample.ts'

const idPrefix = 'orgmem'

export const organizationMembershipSamples = {
  'organizationMembership.created': { idPrefix, build: buildMembership },
  'organizationMembership.updated': { idPrefix, build: buildUpdatedMembership },
  'organizationMembership.deleted': { idPrefix, build: buildDeletedMembership },
} satisfies Record<string, Sample>

function buildMembership(context: SampleContext) {
  return {
    object: 'organization_membership',
    id: context.id,
    role: 'org:member',
    role_name: 'Member',
    permissions: ['org:sys_memberships:read'],
    public_metadata: { desk: 'north' },
    private_metadata: {},
    organization: buildOrganization({
      ...context,
      id: `org_${context.suffix}`,
      updatedAt: context.createdAt,
    }),
    public_user_data: {
      user_id: `user_${context.suffix}`,
      first_name: 'Ada',
      last_name: 'Lovelace',
      profile_image_url: 'https://images.example.com/ada.png',
      image_url: 'https://images.example.com/ada.png',
      has_image: true,
      identifier: `ada.${context.tag}@example.com`,
      username: null,
      banned: false,
      deprovisioned: false,
    },
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}

function buildUpdatedMembership(context: SampleContext) {
  return {
    ...buildMembership(context),
    role: 'org:admin',
    role_name: 'Admin',
    permissions: ['org:sys_memberships:read', 'org:sys_memberships:manage'],
  }
}

/** Unlike other deletes this carries the whole membership, and Clerk doesn't touch `updated_at`. */
function buildDeletedMembership(context: SampleContext) {
  return buildMembership({ ...context, updatedAt: context.createdAt })
}
