import { column, derived, idColumn, valueAt } from './column.ts'
import type { Entity } from './entity.ts'

export const organizationDomain: Entity = {
  name: 'organization_domain',
  table: 'organization_domains',
  about: 'The email domains whose users may join an organization.',
  api: {
    list: '/organization_domains',
    byOrganization: '/organizations/{organization_id}/domains',
    one: '/organization_domains?organization_id={organization_id}',
  },
  upsertedBy: ['organizationDomain.created', 'organizationDomain.updated'],
  deletedBy: ['organizationDomain.deleted'],
  partOf: ['organization'],
  concerns: { organization: 'organization_id' },
  columns: [
    idColumn('organization_id', { required: true }),
    column('name', 'text'),
    column('enrollment_mode', 'text'),
    // As a rule by a mail to an address of the domain. Older events have the alias alone.
    derived(
      'verified',
      'boolean',
      ['affiliation_verification.status', 'verification.status'],
      (data) =>
        (valueAt(data, 'affiliation_verification.status') ??
          valueAt(data, 'verification.status')) === 'verified',
      { about: 'a mail to an address of the domain was answered' },
    ),
    // By a DNS record or in Clerk's dashboard.
    derived(
      'ownership_verified',
      'boolean',
      ['ownership_verification.status'],
      (data) => valueAt(data, 'ownership_verification.status') === 'verified',
      { about: 'the domain itself was proven' },
    ),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
