import { buildSample, createClerkId } from '@clerk-sync/events/samples'
import type { EventType } from '@clerk-sync/events'
import type { ClerkObject, Fields } from './clerk-object.ts'

/** Takes an object from the samples and puts the given fields over it. */
export function buildObject(
  type: EventType,
  id: string,
  createdAt: number,
  fields: Fields,
): ClerkObject {
  const { data } = buildSample(type, { id, now: createdAt })
  return { ...data, ...fields, id, created_at: createdAt } as ClerkObject
}

/**
 * Builds a user. Beside Clerk's own fields it takes `email_address`, one or several, as Clerk's
 * request to create a user does; the first becomes the primary one.
 */
export function buildUser(id: string, createdAt: number, fields: Fields): ClerkObject {
  const { email_address: addresses, ...rest } = fields
  const user = buildObject('user.created', id, createdAt, rest)
  return addresses === undefined ? user : withEmailAddresses(user, addresses)
}

/** Replaces a user's addresses by these, all verified. */
export function withEmailAddresses(user: ClerkObject, addresses: unknown): ClerkObject {
  const at = user.updated_at
  const template = buildEmailAddress(user, at)
  const emailAddresses = [addresses].flat().map((address, index) => ({
    ...template,
    id: index === 0 ? template['id'] : createClerkId('idn', at),
    email_address: address,
  }))
  return {
    ...user,
    email_addresses: emailAddresses,
    primary_email_address_id: emailAddresses[0]?.id ?? null,
  }
}

function buildEmailAddress(user: ClerkObject, at: number): Fields {
  const [old] = user['email_addresses'] as Fields[]
  if (old) return old
  const { data } = buildSample('user.created', { id: user.id, now: at })
  const [sample] = data['email_addresses'] as [Fields]
  return sample
}

/** Builds an organization without what Clerk counts on request only. */
export function buildOrganization(id: string, createdAt: number, fields: Fields): ClerkObject {
  const {
    members_count: _members,
    pending_invitations_count: _invitations,
    missing_member_with_elevated_permissions: _missing,
    created_by: _creator,
    ...organization
  } = buildObject('organization.created', id, createdAt, {})
  return { ...organization, ...fields }
}

const permissionsOf: Record<string, string[]> = {
  'org:admin': ['org:sys_memberships:read', 'org:sys_memberships:manage'],
}

/** Builds a membership that names its organization and its user by id only. */
export function buildMembership(id: string, createdAt: number, fields: Fields): ClerkObject {
  const {
    organization: _organization,
    public_user_data: _user,
    ...membership
  } = buildObject('organizationMembership.created', id, createdAt, {})
  const role = String(fields['role'] ?? membership['role'])
  return { ...membership, ...describeRole(role), ...fields }
}

/** What a membership says of its role. */
export function describeRole(role: string): Fields {
  const name = role.replace(/^org:/, '')
  return {
    role,
    role_name: name.charAt(0).toUpperCase() + name.slice(1),
    permissions: permissionsOf[role] ?? ['org:sys_memberships:read'],
  }
}
