import { anyUser } from './people.ts'
import { born, one, send, sendChanged, sendDeleted } from './world.ts'
import type { Thing, World } from './world.ts'

export interface Organization extends Thing {
  name: string | null
  slug: string
  image_url: string
  /** Clerk sends an empty string for none. */
  created_by: string
  public_metadata: unknown
}

export interface Membership extends Thing {
  organization: { id: string; name: string }
  /** Clerk's schema lets it be null; then it is so in all events of the membership. */
  public_user_data: { user_id: string } | null
  role: string
  public_metadata: unknown
}

export interface Invitation extends Thing {
  organization_id: string
  /** From its acceptance on. */
  user_id?: string
  inviter_id: string
  email_address: string
  role: string
  status: 'pending' | 'accepted' | 'revoked'
  public_metadata: unknown
  expires_at: number | null
}

export interface Domain extends Thing {
  organization_id: string
  name: string
  enrollment_mode: string
  /** Older events have `verification` alone. */
  affiliation_verification?: { status: string } | null
  verification: { status: string } | null
  ownership_verification: { status: string } | null
}

const mostOrganizations = 2

export const organizationActions = {
  createOrganization: (world: World) => void createOrganization(world),
  updateOrganization(world: World) {
    const organization = anyOrganization(world)
    organization.name = world.step.text
    organization.public_metadata = { pick: world.step.pick }
    sendChanged(world, 'organization.updated', organization)
  },
  deleteOrganization(world: World) {
    const organization = anyOrganization(world)
    world.organizations.splice(world.organizations.indexOf(organization), 1)
    sendDeleted(world, 'organization.deleted', organization)
    if (world.step.pick % 2) endMemberships(world, ({ id }) => id === organization.id)
  },
  join(world: World) {
    const organization = anyOrganization(world)
    const isNameless = world.step.pick % 5 === 0
    join(world, organization, isNameless ? null : { user_id: anyUser(world).id })
  },
  changeRole(world: World) {
    const membership = one(world.memberships, world.step.pick)
    if (!membership) return organizationActions.join(world)
    membership.role = membership.role === 'org:admin' ? 'org:member' : 'org:admin'
    membership.public_metadata = { text: world.step.text }
    sendChanged(world, 'organizationMembership.updated', membership)
  },
  leave(world: World) {
    const membership = one(world.memberships, world.step.pick)
    if (!membership) return
    if (world.step.other % 3) endMembership(world, membership)
    else endUnreported(world, membership)
  },
  rejoin(world: World) {
    const before = one(world.left, world.step.pick)
    if (before) join(world, before.organization, before.public_user_data)
  },
  invite(world: World) {
    const organization = anyOrganization(world)
    const { pick, text } = world.step
    const invitation: Invitation = {
      ...born(world, 'orginv'),
      organization_id: organization.id,
      inviter_id: pick % 2 ? 'user_elsewhere' : '',
      email_address: `${pick}@example.com`,
      role: 'org:member',
      status: 'pending',
      public_metadata: { text },
      expires_at: pick % 3 ? world.now + 9_000 : null,
    }
    world.invitations.push(invitation)
    sendChanged(world, 'organizationInvitation.created', invitation)
  },
  accept(world: World) {
    const invitation = settle(world, 'accepted')
    if (!invitation) return
    const { id } = anyUser(world)
    invitation.user_id = id
    sendChanged(world, 'organizationInvitation.accepted', invitation)
    if (world.step.other % 2) join(world, { id: invitation.organization_id }, { user_id: id })
  },
  revoke(world: World) {
    const invitation = settle(world, 'revoked')
    if (invitation) sendChanged(world, 'organizationInvitation.revoked', invitation)
  },
  // An event of one that was settled long ago: Clerk may touch it again.
  touchInvitation(world: World) {
    const invitation = one(world.invitations, world.step.pick)
    if (!invitation) return organizationActions.invite(world)
    const { status } = invitation
    const type = status === 'pending' ? 'created' : status
    sendChanged(world, `organizationInvitation.${type}`, invitation)
  },
  createDomain(world: World) {
    const organization = anyOrganization(world)
    const { pick, other } = world.step
    const domain: Domain = {
      ...born(world, 'orgdmn'),
      organization_id: organization.id,
      name: `${pick}.example.com`,
      enrollment_mode: 'manual_invitation',
      ...(other % 2 ? { affiliation_verification: null } : {}),
      verification: null,
      ownership_verification: null,
    }
    world.domains.push(domain)
    sendChanged(world, 'organizationDomain.created', domain)
  },
  updateDomain(world: World) {
    const domain = one(world.domains, world.step.pick)
    if (!domain) return organizationActions.createDomain(world)
    const status = { status: world.step.other % 2 ? 'verified' : 'unverified' }
    if (domain.affiliation_verification === undefined) domain.verification = status
    else domain.affiliation_verification = status
    domain.ownership_verification = world.step.other % 3 ? status : null
    sendChanged(world, 'organizationDomain.updated', domain)
  },
  deleteDomain(world: World) {
    const domain = one(world.domains, world.step.pick)
    if (!domain) return organizationActions.createDomain(world)
    world.domains.splice(world.domains.indexOf(domain), 1)
    sendDeleted(world, 'organizationDomain.deleted', domain)
  },
}

/** One that exists, made if need be. */
export function anyOrganization(world: World): Organization {
  return one(world.organizations, world.step.other) ?? createOrganization(world)
}

function createOrganization(world: World): Organization {
  const { pick, text } = world.step
  const organization: Organization = {
    ...born(world, 'org'),
    name: text,
    slug: `org-${pick}`,
    image_url: 'https://images.example.com/2.png',
    created_by: pick % 2 ? 'user_elsewhere' : '',
    public_metadata: {},
  }
  if (world.organizations.length === mostOrganizations) world.organizations.shift()
  world.organizations.push(organization)
  sendChanged(world, 'organization.created', organization)
  return organization
}

// A user has one membership of an organization at a time. The delete of the one before may be lost.
function join(world: World, { id }: { id: string }, user: Membership['public_user_data']): void {
  const isSame = ({ organization, public_user_data: member }: Membership) =>
    user !== null && organization.id === id && member?.user_id === user.user_id
  const before = world.memberships.find(isSame)
  if (before && world.step.other % 2) endMembership(world, before)
  else if (before) endUnreported(world, before)
  if (world.left.some((left) => isSame(left) && left.created_at === world.now)) world.now += 1
  const membership: Membership = {
    ...born(world, 'orgmem'),
    organization: { id, name: 'left behind' },
    public_user_data: user,
    role: 'org:member',
    public_metadata: { text: world.step.text },
  }
  world.memberships.push(membership)
  sendChanged(world, 'organizationMembership.created', membership)
}

/** Clerk may report the end of what goes with an organization, or not. */
function endMemberships(world: World, isEnded: (organization: { id: string }) => boolean): void {
  const ended = world.memberships.filter(({ organization }) => isEnded(organization))
  for (const membership of ended) endMembership(world, membership)
}

function endMembership(world: World, membership: Membership): void {
  endUnreported(world, membership)
  // The whole membership, with the updated_at that it had.
  send(world, { type: 'organizationMembership.deleted', data: membership })
}

function endUnreported(world: World, membership: Membership): void {
  world.left.push(...world.memberships.splice(world.memberships.indexOf(membership), 1))
  world.lastWords.push({ type: 'organizationMembership.updated', data: membership })
}

// Later than its creation, by version too: an invitation never loses the user that it names.
function settle(world: World, status: 'accepted' | 'revoked'): Invitation | undefined {
  const pending = world.invitations.filter((invitation) => invitation.status === 'pending')
  const invitation = one(pending, world.step.pick)
  if (!invitation) {
    organizationActions.invite(world)
    return undefined
  }
  if (invitation.updated_at === world.now) world.now += 1
  invitation.status = status
  return invitation
}
