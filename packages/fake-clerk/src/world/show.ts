import type { ClerkObject, Fields } from './clerk-object.ts'
import type { Store } from './store.ts'
import { primaryEmailAddress } from './primary-email-address.ts'

/** Shows a membership with its organization and user as they are now. */
export function showMembership(store: Store, record: ClerkObject): ClerkObject {
  const { organization_id: organizationId, user_id: userId, ...membership } = record
  return {
    ...membership,
    organization: store.organizations.get(organizationId),
    public_user_data: showPublicUserData(store.users.get(userId)),
  }
}

function showPublicUserData(user: ClerkObject): Fields {
  return {
    ...showPublicInviterData(user),
    profile_image_url: user['profile_image_url'],
    username: user['username'],
    banned: user['banned'],
    deprovisioned: user['deprovisioned'],
  }
}

/** Shows an invitation as the lists of one organization do. */
export function showInvitation(store: Store, record: ClerkObject): ClerkObject {
  const { user_id: _accepter, ...invitation } = record
  const inviter = store.users.find(record['inviter_id'])
  return {
    ...invitation,
    public_inviter_data: inviter ? showPublicInviterData(inviter) : null,
  }
}

function showPublicInviterData(user: ClerkObject): Fields {
  return {
    user_id: user.id,
    first_name: user['first_name'],
    last_name: user['last_name'],
    image_url: user['image_url'],
    has_image: user['has_image'],
    identifier: primaryEmailAddress(user) ?? user['username'] ?? '',
  }
}

/** Shows what invitations and domains tell of their organization. */
export function showPublicOrganizationData(store: Store, organizationId: unknown): Fields {
  const organization = store.organizations.get(organizationId)
  const { id, name, slug, image_url: imageUrl, has_image: hasImage } = organization
  return { id, name, slug, image_url: imageUrl, has_image: hasImage }
}

/** Shows a domain with its organization. */
export function showDomain(store: Store, domain: ClerkObject): ClerkObject {
  return {
    ...domain,
    public_organization_data: showPublicOrganizationData(store, domain['organization_id']),
  }
}

/** Shows a role with its permissions as they are now. */
export function showRole(store: Store, { permission_ids: ids, ...role }: ClerkObject): ClerkObject {
  const permissions = (ids as string[]).flatMap((id) => store.permissions.find(id) ?? [])
  return { ...role, permissions }
}
