import { createClerkId } from './clerk-id.ts'
import { buildPublicOrganizationData } from './organization.ts'
import { dayMs } from './sample.ts'
import type { Sample, SampleContext } from './sample.ts'

const idPrefix = 'orginv'

export const organizationInvitationSamples = {
  'organizationInvitation.created': {
    idPrefix,
    build: (context) => buildInvitation(context, 'pending'),
  },
  'organizationInvitation.accepted': { idPrefix, build: buildAcceptedInvitation },
  'organizationInvitation.revoked': {
    idPrefix,
    build: (context) => buildInvitation(context, 'revoked'),
  },
} satisfies Record<string, Sample>

function buildInvitation(context: SampleContext, status: string) {
  const inviterId = `user_${context.suffix}`
  const organization = buildPublicOrganizationData(context)
  return {
    object: 'organization_invitation',
    id: context.id,
    email_address: `mary.${context.tag}@example.com`,
    role: 'org:member',
    role_name: 'Member',
    organization_id: organization.id,
    inviter_id: inviterId,
    public_inviter_data: {
      user_id: inviterId,
      first_name: 'Ada',
      last_name: 'Lovelace',
      image_url: 'https://images.example.com/ada.png',
      has_image: true,
      identifier: `ada.${context.tag}@example.com`,
    },
    status,
    public_metadata: { desk: 'south' },
    private_metadata: {},
    url: `https://accounts.example.com/invitation?ticket=${context.tag}`,
    expires_at: context.createdAt + 30 * dayMs,
    data: { public_organization_data: organization },
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}

function buildAcceptedInvitation(context: SampleContext) {
  // The user with the invitation's own suffix is the inviter.
  const inviteeId = createClerkId('user', context.createdAt)
  return { ...buildInvitation(context, 'accepted'), user_id: inviteeId }
}
