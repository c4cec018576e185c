import { column } from './column.ts'
import type { Entity } from './entity.ts'

export const organizationMembership: Entity = {
  name: 'organization_membership',
  table: 'organization_memberships',
  upsertedBy: ['organizationMembership.created', 'organizationMembership.updated'],
  deletedBy: ['organizationMembership.deleted'],
  columns: [
    column('organization_id', 'text', { from: 'organization.id', required: true }),
    // Clerk's schema lets public_user_data be null: such a membership is kept without its user.
    column('user_id', 'text', { from: 'public_user_data.user_id' }),
    column('role', 'text'),
    column('public_metadata', 'jsonb'),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
