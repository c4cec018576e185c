import { column, derived, idAt, idColumn } from './column.ts'
import type { Entity } from './entity.ts'

const personal = true

export const organizationInvitation: Entity = {
  name: 'organization_invitation',
  table: 'organization_invitations',
  about: 'Who was invited into an organization, and what became of it.',
  api: {
    list: '/organization_invitations',
    byOrganization: '/organizations/{organization_id}/invitations',
    one: '/organizations/{organization_id}/invitations/{id}',
  },
  upsertedBy: [
    'organizationInvitation.created',
    'organizationInvitation.accepted',
    'organizationInvitation.revoked',
  ],
  deletedBy: [],
  partOf: ['organization', 'user'],
  concerns: { organization: 'organization_id', user: 'user_id' },
  columns: [
    idColumn('organization_id'),
    // Known once the invitation is accepted.
    idColumn('user_id', { about: 'who accepted it; null until then' }),
    idColumn('inviter_id'),
    // Accepted, it is a user's. Where it is not said whose, as in Clerk's API, it could not go with them.
    derived(
      'email_address',
      'text',
      ['email_address', 'status', 'user_id'],
      (data) =>
        data['status'] === 'accepted' && !idAt(data, 'user_id') ? null : data['email_address'],
      { personal, about: 'null where it is accepted and it is not known by whom' },
    ),
    column('role', 'text'),
    column('status', 'text'),
    column('public_metadata', 'jsonb', { personal }),
    column('private_metadata', 'jsonb', { personal, optional: 'private_metadata' }),
    column('expires_at', 'timestamptz'),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
