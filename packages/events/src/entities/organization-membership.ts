import { column, idColumn } from './column.ts'
import type { Entity } from './entity.ts'

export const organizationMembership: Entity = {
  name: 'organization_membership',
  table: 'organization_memberships',
  about: 'Which user belongs to which organization, and in which role.',
  api: {
    list: '/organization_memberships',
    byOrganization: '/organizations/{organization_id}/memberships',
    one: '/organizations/{organization_id}/memberships?user_id={user_id}',
  },
  upsertedBy: ['organizationMembership.created', 'organizationMembership.updated'],
  deletedBy: ['organizationMembership.deleted'],
  partOf: ['organization', 'user'],
  onePer: ['organization', 'user'],
  concerns: { organization: 'organization.id', user: 'public_user_data.user_id' },
  columns: [
    idColumn('organization_id', { from: 'organization.id', required: true }),
    // Clerk's schema lets public_user_data be null: such a membership is kept without its user.
    idColumn('user_id', {
      from: 'public_user_data.user_id',
      about: 'null where Clerk names no user',
    }),
    column('role', 'text'),
    column('permissions', 'jsonb', {
      about: 'a list of keys, such as `org:sys_memberships:read`',
      optional: 'permissions',
    }),
    column('public_metadata', 'jsonb', { personal: true }),
    column('private_metadata', 'jsonb', { personal: true, optional: 'private_metadata' }),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
