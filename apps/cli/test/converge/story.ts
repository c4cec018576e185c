import { randomBytes } from 'node:crypto'
import { buildSample } from '@clerk-sync/events'
import * as fc from 'fast-check'

type Sample = ReturnType<typeof buildSample>

/** One event of a story: a whole webhook body, and the deliveries that carry it. */
export interface StoryEvent {
  readonly svixId: string
  /** The second in the svix-timestamp header, the same in every delivery. */
  readonly svixTimestamp: number
  readonly body: Omit<Sample, 'timestamp'> & { timestamp?: number }
  /** Deliveries go out in the order of these numbers. */
  readonly sendAt: readonly number[]
}

const actions = [
  'updateUser',
  'moveAddress',
  'updateOrganization',
  'join',
  'changeRole',
  'leave',
  'deleteUser',
  'deleteOrganization',
] as const

const step = fc.record({
  action: fc.constantFrom(...actions, ...actions.slice(0, 5)),
  who: fc.nat(1),
  tick: fc.constantFrom(0, 0, 1, 40, 1_000),
  delay: fc.constantFrom(0, 0, 20),
  hasTimestamp: fc.integer({ min: 0, max: 4 }).map((number) => number > 0),
  text: fc.string({ maxLength: 6, unit: 'grapheme' }),
  svix: fc.nat(99),
  sendAt: fc.array(fc.nat(10_000), { minLength: 1, maxLength: 3 }),
})
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

export const steps = fc.array(step, { minLength: 8, maxLength: 24, size: 'max' })

const addressOf = (id: string) => ({ id, email_address: `${id}@example.com` })

/**
 * What Clerk sends while this happens to two users and their organization. The ids are new at every
 * call; the clock starts at `start`, in milliseconds, and runs for less than half a minute.
 */
export function tell(given: readonly Step[], start: number): StoryEvent[] {
  const tag = randomBytes(6).toString('hex')
  const events: StoryEvent[] = []
  let now = start
  let made = 0
  const makeId = (prefix: string) => `${prefix}_${tag}${String((made += 1)).padStart(3, '0')}`
  const users = [newUser(), newUser()] as const
  let organization = { id: makeId('org'), known: false }
  let membership: { id: string; role: string; userId: string; sample: Sample } | undefined

  for (const next of given) {
    now += next.tick
    live(next)
  }
  return events

  function newUser() {
    const id = makeId('user')
    return { id, known: false, name: '', addresses: [`idn_${id.slice('user_'.length)}`] }
  }

  function live({ action, who, text, ...sending }: Step): void {
    const user = users[who === 0 ? 0 : 1]
    const other = users[who === 0 ? 1 : 0]
    const send = (sample: Sample, data: object = {}) => {
      const { timestamp: _, ...body } = sample
      const published = now + sending.delay
      events.push({
        svixId: `msg_${tag}_${sending.svix}_${events.length}`,
        svixTimestamp: Math.floor(published / 1000),
        body: {
          ...body,
          ...(sending.hasTimestamp ? { timestamp: published } : {}),
          data: { ...sample.data, ...data },
        },
        sendAt: sending.sendAt.map((at) => at + events.length),
      })
    }
    const sendUser = (one: typeof user) => {
      const { id, known, name, addresses } = one
      one.known = true
      send(buildSample(known ? 'user.updated' : 'user.created', { id, now }), {
        first_name: name,
        email_addresses: addresses.map(addressOf),
        primary_email_address_id: addresses[0] ?? null,
      })
    }

    switch (action) {
      case 'updateUser':
        user.name = text
        return sendUser(user)
      case 'moveAddress':
        other.addresses.push(...user.addresses.splice(0, 1))
        sendUser(user)
        return sendUser(other)
      case 'updateOrganization': {
        const type = organization.known ? 'organization.updated' : 'organization.created'
        organization.known = true
        return send(buildSample(type, { id: organization.id, now }), { name: text })
      }
      case 'join': {
        // Joining again makes a new membership; the old one was left or is left behind.
        const id = makeId('orgmem')
        const sample = buildSample('organizationMembership.created', { id, now })
        membership = { id, role: 'org:member', userId: user.id, sample }
        return send(sample, membershipData())
      }
      case 'changeRole':
        if (!membership) return
        membership.role = membership.role === 'org:admin' ? 'org:member' : 'org:admin'
        membership.sample = buildSample('organizationMembership.updated', {
          id: membership.id,
          now,
        })
        return send(membership.sample, membershipData())
      case 'leave': {
        if (!membership) return
        // The whole membership with the updated_at of its last change.
        const { sample } = membership
        send({ ...sample, type: 'organizationMembership.deleted' }, membershipData())
        membership = undefined
        return
      }
      case 'deleteUser':
        send(buildSample('user.deleted', { id: user.id, now }))
        Object.assign(user, newUser())
        return
      case 'deleteOrganization':
        send(buildSample('organization.deleted', { id: organization.id, now }))
        organization = { id: makeId('org'), known: false }
    }
  }

  function membershipData() {
    return {
      role: membership?.role,
      organization: { ...(membership?.sample.data['organization'] as object), id: organization.id },
      public_user_data: { user_id: membership?.userId },
    }
  }
}
