import type { EventType } from '@clerk-sync/events'
import { buildObject, describeRole } from './build-object.ts'
import { birthOf, changeObject } from './change-object.ts'
import type { ClerkObject, Fields } from './clerk-object.ts'
import { addMembership } from './memberships.ts'
import { showInvitation, showPublicOrganizationData } from './show.ts'
import type { WorldContext } from './store.ts'

/** Builds the functions that change invitations to organizations. */
export function buildInvitationChanges(context: WorldContext) {
  const { store, clock, publish } = context

  function tell(type: EventType, invitation: ClerkObject, more: Fields = {}): ClerkObject {
    const shown = showInvitation(store, invitation)
    const organization = showPublicOrganizationData(store, invitation['organization_id'])
    const data = { ...shown, ...more, data: { public_organization_data: organization } }
    publish(type, data, invitation.updated_at)
    return structuredClone(shown)
  }

  function getPending(id: string): ClerkObject {
    const invitation = store.invitations.get(id)
    if (invitation['status'] !== 'pending') throw new Error(`${id} is not pending`)
    return invitation
  }

  return {
    /** Invites `email_address` to `organization_id`, in the name of `inviter_id` if given. */
    createInvitation: (given: Fields): ClerkObject => {
      const { id, at, fields } = birthOf('orginv', clock, { inviter_id: null, ...given })
      store.organizations.get(fields['organization_id'])
      const {
        public_inviter_data: _inviter,
        data: _data,
        ...sample
      } = buildObject('organizationInvitation.created', id, at, {})
      const role = describeRole(String(fields['role'] ?? sample['role']))
      const invitation = {
        ...sample,
        role: role['role'],
        role_name: role['role_name'],
        ...fields,
      } as ClerkObject
      store.invitations.add(invitation)
      return tell('organizationInvitation.created', invitation)
    },

    /** Lets a user accept, who becomes a member in the invited role. */
    acceptInvitation: (id: string, userId: string): ClerkObject => {
      const { organization_id: organizationId, role } = getPending(id)
      addMembership(context, { organization_id: organizationId, user_id: userId, role })
      const fields = { status: 'accepted', user_id: userId }
      const accepted = changeObject(store.invitations, clock, id, fields)
      return tell('organizationInvitation.accepted', accepted, { user_id: userId })
    },

    revokeInvitation: (id: string): ClerkObject => {
      const { id: pendingId } = getPending(id)
      const revoked = changeObject(store.invitations, clock, pendingId, { status: 'revoked' })
      return tell('organizationInvitation.revoked', revoked)
    },
  }
}
