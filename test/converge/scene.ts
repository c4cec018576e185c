import type { EventType } from '@clerk-sync/events'

interface Known {
  id: string
  /** Whether Clerk has reported it. */
  known: boolean
}
type User = Known & { name: string; addresses: string[] }

/** Two users, their organization and what they have at Clerk. */
export interface Scene {
  /** In milliseconds. */
  now: number
  readonly users: [User, User]
  organization: Known
  membership?: { id: string; role: string; data: object; updatedAt: number } | undefined
  /** When the last membership was made. */
  joinedAt?: number
  invitation?: { id: string; data: object; updatedAt: number } | undefined
  domain?: { id: string; data: object } | undefined
  session?: { id: string; data: object } | undefined
  entry?: string | undefined
  readonly makeId: MakeId
  send(type: EventType, id: string, data: object, updatedAt?: number): void
}

type MakeId = (prefix: string) => string

interface Told {
  readonly who: number
  readonly text: string
}

export type Action = keyof typeof actions

export function createScene(
  tag: string,
  start: number,
  send: (type: EventType, id: string, data: object, updatedAt: number) => void,
): Scene {
  let made = 0
  const makeId: MakeId = (prefix) => `${prefix}_${tag}${String((made += 1)).padStart(3, '0')}`
  const scene: Scene = {
    now: start,
    users: [newUser(makeId), newUser(makeId)],
    organization: { id: makeId('org'), known: false },
    makeId,
    send: (type, id, data, updatedAt = scene.now) => send(type, id, data, updatedAt),
  }
  return scene
}

function newUser(makeId: MakeId): User {
  const id = makeId('user')
  return { id, known: false, name: '', addresses: [`idn_${id.slice('user_'.length)}`] }
}

const addressOf = (id: string) => ({ id, email_address: `${id}@example.com` })
const one = ({ users }: Scene, who: number) => (who === 0 ? users[0] : users[1])

function sendUser(scene: Scene, user: User): void {
  scene.send(user.known ? 'user.updated' : 'user.created', user.id, {
    first_name: user.name,
    email_addresses: user.addresses.map(addressOf),
    primary_email_address_id: user.addresses[0] ?? null,
  })
  user.known = true
}

/** What can happen. Where something is missing for it, nothing or what comes before it. */
export const actions = {
  updateUser(scene: Scene, { who, text }: Told) {
    const user = one(scene, who)
    user.name = text
    sendUser(scene, user)
  },
  moveAddress(scene: Scene, { who }: Told) {
    const [user, other] = [one(scene, who), one(scene, 1 - who)]
    other.addresses.push(...user.addresses.splice(0, 1))
    sendUser(scene, user)
    sendUser(scene, other)
  },
  // What the user has is left to go with the user.
  deleteUser(scene: Scene, { who }: Told) {
    const user = one(scene, who)
    scene.send('user.deleted', user.id, {})
    Object.assign(user, newUser(scene.makeId))
  },
  changeSession(scene: Scene, { who, text }: Told) {
    if (!scene.session) {
      scene.session = {
        id: scene.makeId('sess'),
        data: { user_id: one(scene, who).id, user: null },
      }
      return scene.send('session.created', scene.session.id, scene.session.data)
    }
    const type = text === '' ? 'session.ended' : 'session.revoked'
    scene.send(type, scene.session.id, scene.session.data)
    if (who === 0) scene.session = undefined
  },
  updateOrganization(scene: Scene, { text }: Told) {
    const { id, known } = scene.organization
    scene.organization.known = true
    scene.send(known ? 'organization.updated' : 'organization.created', id, { name: text })
  },
  // What belongs to it is left to go with it.
  deleteOrganization(scene: Scene) {
    scene.send('organization.deleted', scene.organization.id, {})
    scene.organization = { id: scene.makeId('org'), known: false }
  },
  // Joining again makes a new membership, made later than the old one; that was left, or its delete
  // is lost.
  join(scene: Scene, { who }: Told) {
    if (scene.joinedAt === scene.now) scene.now += 1
    scene.joinedAt = scene.now
    const data = {
      organization: { id: scene.organization.id, name: 'left behind' },
      public_user_data: { user_id: one(scene, who).id },
      created_at: scene.now,
    }
    const id = scene.makeId('orgmem')
    scene.membership = { id, role: 'org:member', data, updatedAt: scene.now }
    scene.send('organizationMembership.created', id, { ...data, role: 'org:member' })
  },
  changeRole(scene: Scene, told: Told) {
    const { membership } = scene
    if (!membership) return actions.join(scene, told)
    membership.role = membership.role === 'org:admin' ? 'org:member' : 'org:admin'
    membership.updatedAt = scene.now
    const { id, data, role } = membership
    scene.send('organizationMembership.updated', id, { ...data, role })
  },
  // The whole membership with the updated_at of its last change.
  leave(scene: Scene) {
    if (!scene.membership) return
    const { id, data, role, updatedAt } = scene.membership
    scene.send('organizationMembership.deleted', id, { ...data, role }, updatedAt)
    scene.membership = undefined
  },
  invite(scene: Scene, { text }: Told) {
    const data = { organization_id: scene.organization.id, public_metadata: { text } }
    scene.invitation = { id: scene.makeId('orginv'), data, updatedAt: scene.now }
    scene.send('organizationInvitation.created', scene.invitation.id, data)
  },
  // Later than its creation: an invitation never loses the user that it names.
  settleInvitation(scene: Scene, told: Told) {
    const { invitation } = scene
    if (!invitation) return actions.invite(scene, told)
    if (invitation.updatedAt === scene.now) scene.now += 1
    const { id, data } = invitation
    if (told.text === '') scene.send('organizationInvitation.revoked', id, data)
    else {
      const user_id = one(scene, told.who).id
      scene.send('organizationInvitation.accepted', id, { ...data, user_id })
    }
    scene.invitation = undefined
  },
  changeDomain(scene: Scene, { text }: Told) {
    const { domain, organization } = scene
    const data = domain?.data ?? { organization_id: organization.id }
    const id = domain?.id ?? scene.makeId('orgdmn')
    scene.domain = { id, data }
    const type = domain ? 'organizationDomain.updated' : 'organizationDomain.created'
    scene.send(type, id, { ...data, name: text })
  },
  deleteDomain(scene: Scene) {
    if (scene.domain) scene.send('organizationDomain.deleted', scene.domain.id, {})
    scene.domain = undefined
  },
  changeEntry(scene: Scene, { who, text }: Told) {
    const id = scene.entry ?? scene.makeId('wle')
    const type = scene.entry ? 'waitlistEntry.updated' : 'waitlistEntry.created'
    scene.entry = id
    const status = scene.entry && who === 0 ? 'completed' : 'pending'
    scene.send(type, id, { status, email_address: `${text.length}@example.com` })
  },
}
