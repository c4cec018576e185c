import { buildDeletedObject } from './deleted-object.ts'
import { startOfDay } from './sample.ts'
import type { Sample, SampleContext } from './sample.ts'

const idPrefix = 'org'

export const organizationSamples = {
  'organization.created': { idPrefix, build: buildOrganization },
  'organization.updated': { idPrefix, build: buildUpdatedOrganization },
  'organization.deleted': { idPrefix, build: buildDeletedOrganization },
} satisfies Record<string, Sample>

/** Builds an organization, also as the snapshot inside membership events. */
export function buildOrganization(context: SampleContext) {
  return {
    object: 'organization',
    id: context.id,
    name: 'Analytical Engines',
    slug: buildSlug(context),
    image_url: 'https://images.example.com/engines.png',
    has_image: true,
    members_count: 1,
    missing_member_with_elevated_permissions: false,
    pending_invitations_count: 0,
    max_allowed_memberships: 20,
    admin_delete_enabled: true,
    public_metadata: { country: 'GB' },
    private_metadata: {},
    created_by: `user_${context.suffix}`,
    role_set_key: 'role_set:default',
    last_active_at: startOfDay(context.updatedAt),
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}

/** Builds the part of an organization that its invitations and domains show. */
export function buildPublicOrganizationData(context: SampleContext) {
  const { id, name, slug, image_url, has_image } = buildOrganization({
    ...context,
    id: `org_${context.suffix}`,
  })
  return { id, name, slug, image_url, has_image }
}

function buildUpdatedOrganization(context: SampleContext) {
  return {
    ...buildOrganization(context),
    name: 'Analytical & Difference Engines',
    max_allowed_memberships: 50,
    public_metadata: { country: 'GB', tier: 'gold' },
  }
}

function buildDeletedOrganization(context: SampleContext) {
  return { ...buildDeletedObject('organization', context), slug: buildSlug(context) }
}

function buildSlug(context: SampleContext): string {
  return `analytical-engines-${context.tag}`
}
