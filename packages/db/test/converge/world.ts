import type { History, HistoryEvent, Step } from './history.ts'

interface Address {
  id: string
  email_address: string
  verification: { status: string } | null
}
interface User {
  id: string
  created_at: number
  updated_at: number
  first_name: string | null
  addresses: Address[]
}
interface Organization {
  id: string
  created_at: number
  updated_at: number
  name: string | null
}
interface Membership {
  id: string
  created_at: number
  updated_at: number
  role: string
  organizationId: string
  userId: string
}

const start = Date.UTC(2026, 0, 1)

/** Lives through a history as Clerk would and returns its events in order; `run` marks every id. */
export function eventsOf({ steps }: History, run: string): HistoryEvent[] {
  const users: User[] = []
  const organizations: Organization[] = []
  const memberships: Membership[] = []
  const left: Membership[] = []
  const deleted: [
    type: string,
    id: string,
    data: Record<string, unknown>,
    updatedAt: number | undefined,
  ][] = []
  const events: HistoryEvent[] = []
  let now = start
  let made = 0

  for (const step of steps) {
    now += step.tick
    live(step)
  }
  return events

  function live(step: Step): void {
    const user = users[step.pick % users.length]
    const organization = organizations[step.other % organizations.length]
    const membership = memberships[step.pick % memberships.length]
    let sent = 0
    const send = (type: string, id: string, data: Record<string, unknown>, updatedAt?: number) => {
      const sending = step.sendings[sent++ % step.sendings.length]
      if (!sending) return
      // Without a timestamp the second of the first delivery stands in.
      const published = now + sending.delay
      const occurredAt = sending.hasTimestamp ? published : Math.floor(published / 1000) * 1000
      const svixId = `msg_${run}_${sending.svix}_${events.length}`
      const { deliveries } = sending
      events.push({
        svixId,
        type,
        id,
        occurredAt,
        data,
        deliveries,
        ...(updatedAt === undefined ? {} : { updatedAt }),
      })
      if (type.endsWith('.deleted')) deleted.push([type, id, data, updatedAt])
    }
    const sendUser = (type: 'created' | 'updated', changed: User) => {
      changed.updated_at = now
      send(`user.${type}`, changed.id, userData(changed), now)
    }
    const sendMembership = (type: string, changed: Membership) =>
      send(
        `organizationMembership.${type}`,
        changed.id,
        membershipData(changed),
        changed.updated_at,
      )
    const end = (ended: Membership) => {
      left.push(...memberships.splice(memberships.indexOf(ended), 1))
      // Clerk sends the whole membership, with the updated_at that it had.
      sendMembership('deleted', ended)
    }
    const join = (organizationId: string, userId: string) => {
      const id = makeId('orgmem')
      const times = { created_at: now, updated_at: now }
      const joined = { id, ...times, role: 'org:member', organizationId, userId }
      memberships.push(joined)
      sendMembership('created', joined)
    }

    switch (possible(step.action)) {
      case 'createUser': {
        const id = makeId('user')
        const email = `${step.pick}@x.dev`
        const addresses = [{ id: makeId('idn'), email_address: email, verification: null }]
        users.push({ id, created_at: now, updated_at: now, first_name: step.text, addresses })
        return sendUser('created', users.at(-1) as User)
      }
      case 'updateUser':
        if (!user) return
        user.first_name = step.text
        user.addresses[0] &&= { ...user.addresses[0], verification: { status: 'verified' } }
        return sendUser('updated', user)
      case 'moveAddress': {
        const taker = users[step.other % users.length]
        if (!user || !taker || user === taker) return
        const moving = user.addresses.pop()
        if (!moving) return
        taker.addresses.push(moving)
        sendUser('updated', user)
        return sendUser('updated', taker)
      }
      case 'deleteUser':
        if (!user) return
        users.splice(users.indexOf(user), 1)
        for (const one of memberships.filter(({ userId }) => userId === user.id)) end(one)
        return send('user.deleted', user.id, { id: user.id, deleted: true })
      case 'createOrganization': {
        const id = makeId('org')
        const organized = { id, created_at: now, updated_at: now, name: step.text }
        organizations.push(organized)
        return send('organization.created', id, { ...organized }, now)
      }
      case 'updateOrganization':
        if (!organization) return
        Object.assign(organization, { name: step.text, updated_at: now })
        return send('organization.updated', organization.id, { ...organization }, now)
      case 'deleteOrganization':
        if (!organization) return
        organizations.splice(organizations.indexOf(organization), 1)
        for (const one of memberships.filter((m) => m.organizationId === organization.id)) end(one)
        return send('organization.deleted', organization.id, { id: organization.id, deleted: true })
      case 'join':
        return user && organization && join(organization.id, user.id)
      case 'changeRole':
        if (!membership) return
        membership.role = membership.role === 'org:admin' ? 'org:member' : 'org:admin'
        membership.updated_at = now
        return sendMembership('updated', membership)
      case 'leave':
        return membership && end(membership)
      case 'deleteAgain': {
        const before = deleted[step.pick % deleted.length]
        return before && send(...before)
      }
      case 'rejoin': {
        const before = left[step.pick % left.length]
        return before && join(before.organizationId, before.userId)
      }
    }
  }

  // What can't be done yet lays the ground for what comes; the world stays small.
  function possible(action: Step['action']): Step['action'] {
    const needsUser = /User|Address|join|Role|leave/.test(action)
    if (needsUser && users.length === 0) return 'createUser'
    if (action === 'moveAddress' && users.length === 1) return 'createUser'
    if (action === 'createUser' && users.length > 3) return 'updateUser'
    const needsOrganization = /Organization|join|Role|leave/.test(action)
    if (needsOrganization && organizations.length === 0) return 'createOrganization'
    if (action === 'createOrganization' && organizations.length > 2) return 'updateOrganization'
    const needsMembership = /Role|leave/.test(action) && memberships.length === 0
    return needsMembership || (action === 'rejoin' && left.length === 0) ? 'join' : action
  }

  function makeId(prefix: string): string {
    made += 1
    return `${prefix}_${run}_${made}`
  }
}

function userData({ addresses, ...user }: User): Record<string, unknown> {
  return {
    ...user,
    email_addresses: addresses.map((address) => ({ ...address })),
    primary_email_address_id: addresses[0]?.id ?? null,
    public_metadata: { addresses: addresses.length },
    banned: false,
  }
}

function membershipData({ organizationId, userId, ...membership }: Membership) {
  return {
    ...membership,
    organization: { id: organizationId, name: 'left behind' },
    public_user_data: { user_id: userId },
  }
}
