import { buildDeletedObject } from './deleted-object.ts'
import { buildPublicOrganizationData } from './organization.ts'
import type { Sample, SampleContext } from './sample.ts'

const idPrefix = 'orgdmn'

export const organizationDomainSamples = {
  'organizationDomain.created': { idPrefix, build: buildDomain },
  'organizationDomain.updated': { idPrefix, build: buildUpdatedDomain },
  'organizationDomain.deleted': {
    idPrefix,
    build: (context) => buildDeletedObject('organization_domain', context),
  },
} satisfies Record<string, Sample>

function buildDomain(context: SampleContext) {
  const organization = buildPublicOrganizationData(context)
  return {
    object: 'organization_domain',
    id: context.id,
    organization_id: organization.id,
    name: `${context.tag}.example.com`,
    enrollment_mode: 'manual_invitation',
    affiliation_email_address: null,
    affiliation_verification: null,
    ownership_verification: null,
    verification: null,
    total_pending_invitations: 0,
    total_pending_suggestions: 0,
    public_organization_data: organization,
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}

function buildUpdatedDomain(context: SampleContext) {
  const affiliation = {
    status: 'verified',
    strategy: 'affiliation_email_code',
    attempts: 1,
    expire_at: context.updatedAt + 10 * 60 * 1000,
    verified_at: null,
  }
  return {
    ...buildDomain(context),
    enrollment_mode: 'automatic_suggestion',
    affiliation_email_address: `ada@${context.tag}.example.com`,
    affiliation_verification: affiliation,
    verification: affiliation,
    total_pending_suggestions: 3,
  }
}
