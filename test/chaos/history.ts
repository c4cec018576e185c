import type { FakeClerk, WebhookEvent } from '@clerk-sync/fake-clerk'
import type { StoryEvent } from '../converge/story.ts'
import type { Random } from './random.ts'

// What changed in Clerk within the last minute is no drift yet: all of it happened an hour ago.
const ageMs = 3_600_000
// Clerk's machines do not agree on the time of an event to the second.
const envelopeSkewMs = 2_000
const mostUsers = 400
const mostOrganizations = 40

/** Users, organizations and memberships of a Clerk instance, changed at random. */
export interface History {
  /** Everything that Clerk has reported so far. */
  readonly events: readonly StoryEvent[]
  /** Lets one thing happen, and returns what Clerk reports of it. */
  readonly go: () => StoryEvent[]
}

/** The clock of the fake Clerk: an hour ago, never the same millisecond twice. */
export function historyClock(): () => number {
  let last = 0
  return () => (last = Math.max(Date.now() - ageMs, last + 1))
}

/** Begins a history in this Clerk, which has the clock above. */
export function createHistory({ world }: FakeClerk, random: Random): History {
  const events: StoryEvent[] = []
  const users: string[] = []
  const organizations: string[] = []
  const memberships = new Map<string, { userId: string; organizationId: string }>()

  world.onEvent((event) => void events.push(toStoryEvent(event, random)))

  const remove = (ids: string[]) => ids.splice(random.between(0, ids.length - 1), 1)[0] ?? ''
  const forgetMemberships = (owner: string) => {
    for (const [id, { userId, organizationId }] of memberships) {
      if (userId === owner || organizationId === owner) memberships.delete(id)
    }
  }
  const person = () => ({
    first_name: `name ${random.between(0, 999_999)}`,
    email_address: `${random.id('mail').toLowerCase()}@example.com`,
  })

  const actions = {
    createUser(): void {
      if (users.length >= mostUsers) return actions.deleteUser()
      users.push(world.createUser({ id: random.id('user'), ...person() }).id)
    },
    updateUser(): void {
      if (users.length === 0) return actions.createUser()
      world.updateUser(random.pick(users), person())
    },
    deleteUser(): void {
      if (users.length === 0) return actions.createUser()
      const id = remove(users)
      forgetMemberships(id)
      world.deleteUser(id)
    },
    createOrganization(): void {
      if (organizations.length >= mostOrganizations) return actions.deleteOrganization()
      const id = random.id('org')
      organizations.push(world.createOrganization({ id, name: random.id('name') }).id)
    },
    updateOrganization(): void {
      if (organizations.length === 0) return actions.createOrganization()
      world.updateOrganization(random.pick(organizations), { name: random.id('name') })
    },
    deleteOrganization(): void {
      if (organizations.length === 0) return actions.createOrganization()
      const id = remove(organizations)
      forgetMemberships(id)
      world.deleteOrganization(id)
    },
    join(): void {
      if (users.length === 0 || organizations.length === 0) return actions.createOrganization()
      const [userId, organizationId] = [random.pick(users), random.pick(organizations)]
      for (const one of memberships.values()) {
        if (one.userId === userId && one.organizationId === organizationId)
          return actions.updateUser()
      }
      const id = random.id('orgmem')
      world.createMembership({ id, user_id: userId, organization_id: organizationId })
      memberships.set(id, { userId, organizationId })
    },
    changeRole(): void {
      if (memberships.size === 0) return actions.join()
      const role = random.pick(['org:admin', 'org:member'])
      world.updateMembership(random.pick([...memberships.keys()]), { role })
    },
    leave(): void {
      if (memberships.size === 0) return actions.join()
      const id = random.pick([...memberships.keys()])
      memberships.delete(id)
      world.deleteMembership(id)
    },
  }
  // How often each happens, of all of them.
  const weights: Record<keyof typeof actions, number> = {
    createUser: 60,
    updateUser: 90,
    deleteUser: 40,
    createOrganization: 10,
    updateOrganization: 20,
    deleteOrganization: 1,
    join: 50,
    changeRole: 30,
    leave: 20,
  }
  const names = Object.keys(weights) as (keyof typeof actions)[]
  const deck = names.flatMap((name) => Array.from({ length: weights[name] }, () => name))

  return {
    events,
    go() {
      const before = events.length
      actions[random.pick(deck)]()
      return events.slice(before)
    },
  }
}

function toStoryEvent(event: WebhookEvent, random: Random): StoryEvent {
  const timestamp = event.timestamp + random.between(-envelopeSkewMs, envelopeSkewMs)
  return {
    svixId: random.id('msg'),
    svixTimestamp: Math.floor(timestamp / 1000),
    body: { ...event, timestamp },
    sendAt: [],
  }
}
