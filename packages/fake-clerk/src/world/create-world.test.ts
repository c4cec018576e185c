import { beforeEach, describe, expect, test } from 'vitest'
import { createWorld } from './create-world.ts'
import type { World } from './create-world.ts'
import type { WebhookEvent } from './publisher.ts'

let world: World
let events: WebhookEvent[]

function begin(options: Parameters<typeof createWorld>[0] = {}): void {
  world = createWorld(options)
  events = []
  world.onEvent((event) => events.push(event))
}

beforeEach(() => begin())

const types = () => events.map(({ type }) => type)

describe('every change', () => {
  test('has a later time than the one before and an event that follows it', () => {
    const user = world.createUser()
    const first = world.updateUser(user.id, { first_name: 'Augusta' })
    const second = world.updateUser(user.id, { first_name: 'Ada' })
    expect(first.updated_at).toBeGreaterThan(user.updated_at)
    expect(second.updated_at).toBeGreaterThan(first.updated_at)
    expect(second.created_at).toBe(user.created_at)
    expect(types()).toEqual(['user.created', 'user.updated', 'user.updated'])
    expect(events[2]?.data).toEqual(second)
    expect(events[2]?.timestamp).toBeGreaterThan(second.updated_at)
  })

  test('can fall into one ms when the test holds the clock', () => {
    begin({ now: () => 1_750_000_000_000 })
    const { id, updated_at: updatedAt } = world.createUser()
    expect(world.updateUser(id, {}).updated_at).toBe(updatedAt)
  })

  test('leaves events of before alone, and a caller leaves the world alone', () => {
    const user = world.createUser({ public_metadata: { plan: 'free' } })
    user['public_metadata'] = 'broken'
    world.updateUser(user.id, { public_metadata: { plan: 'paid' } })
    expect(events.map(({ data }) => data['public_metadata'])).toEqual([
      { plan: 'free' },
      { plan: 'paid' },
    ])
  })

  test('is told until a listener leaves', () => {
    const heard: string[] = []
    const leave = world.onEvent(({ type }) => heard.push(type))
    const { id } = world.createUser()
    leave()
    world.deleteUser(id)
    expect(heard).toEqual(['user.created'])
  })
})

describe('users', () => {
  test('take one address or several, the first of them primary', () => {
    const one = world.createUser({ email_address: 'ada@example.com' })
    expect(one['email_addresses']).toMatchObject([{ email_address: 'ada@example.com' }])
    const two = world.updateUser(one.id, { email_address: ['a@example.com', 'b@example.com'] })
    const addresses = two['email_addresses'] as { id: string; email_address: string }[]
    expect(addresses.map((address) => address.email_address)).toEqual([
      'a@example.com',
      'b@example.com',
    ])
    expect(two['primary_email_address_id']).toBe(addresses[0]?.id)
  })

  test('go with all that is theirs and tell their external id', () => {
    const { id } = world.createUser({ external_id: 'customer-1' })
    const organization = world.createOrganization({ created_by: id })
    world.createSession({ user_id: id })
    world.createSubscription({ user_id: id })
    events.length = 0
    world.deleteUser(id)
    expect(types()).toEqual(['user.deleted'])
    expect(events[0]?.data).toEqual({
      object: 'user',
      id,
      deleted: true,
      external_id: 'customer-1',
    })
    const { store } = world
    expect(store.memberships.size() + store.sessions.size() + store.subscriptions.size()).toBe(0)
    expect(store.organizations.find(organization.id)).toBeDefined()
  })

  test('move on when they sign in, without a word', () => {
    const user = world.createUser()
    world.createSession({ user_id: user.id })
    expect(types()).toEqual(['user.created', 'session.created'])
    expect(world.store.users.get(user.id).updated_at).toBeGreaterThan(user.updated_at)
    expect(events[1]?.data['user']).toEqual(world.store.users.get(user.id))
  })
})

describe('organizations', () => {
  test('have their creator as first admin', () => {
    const user = world.createUser()
    const organization = world.createOrganization({ created_by: user.id })
    expect(types().slice(1)).toEqual(['organization.created', 'organizationMembership.created'])
    expect(events[2]?.data).toMatchObject({
      role: 'org:admin',
      organization: { id: organization.id },
      public_user_data: { user_id: user.id },
    })
  })

  test('are not created by someone unknown', () => {
    expect(() => world.createOrganization({ created_by: 'user_unknown' })).toThrow('there is no')
    expect(events).toEqual([])
  })

  test.for([false, true])('go with all that is theirs, told of: %s', (cascadeEvents) => {
    begin({ cascadeEvents })
    const user = world.createUser()
    const { id, ...organization } = world.createOrganization({ created_by: user.id })
    world.createInvitation({ organization_id: id })
    world.createDomain({ organization_id: id })
    events.length = 0
    world.deleteOrganization(id)
    expect(types()).toEqual(
      cascadeEvents
        ? ['organizationMembership.deleted', 'organizationDomain.deleted', 'organization.deleted']
        : ['organization.deleted'],
    )
    expect(events.at(-1)?.data).toMatchObject({ id, slug: organization['slug'], deleted: true })
    const { memberships, invitations, domains } = world.store
    expect(memberships.size() + invitations.size() + domains.size()).toBe(0)
  })
})

describe('memberships', () => {
  test('exist once for a user and an organization', () => {
    const user = world.createUser()
    const fields = { organization_id: world.createOrganization().id, user_id: user.id }
    const { id } = world.createMembership(fields)
    expect(() => world.createMembership(fields)).toThrow('already')
    world.deleteMembership(id)
    expect(world.createMembership(fields).id).not.toBe(id)
  })

  test('are told of whole when they are deleted, with the time of before', () => {
    const user = world.createUser()
    const { id: organizationId } = world.createOrganization()
    const { id } = world.createMembership({ organization_id: organizationId, user_id: user.id })
    const membership = world.updateMembership(id, { role: 'org:admin' })
    world.deleteMembership(id)
    expect(events.at(-1)).toMatchObject({ type: 'organizationMembership.deleted' })
    expect(events.at(-1)?.data).toEqual(membership)
    expect(events.at(-1)?.timestamp).toBeGreaterThan(membership.updated_at)
  })
})

describe('invitations', () => {
  test('make a member of whoever accepts, once', () => {
    const { id: organizationId } = world.createOrganization()
    const { id } = world.createInvitation({ organization_id: organizationId, role: 'org:admin' })
    const user = world.createUser()
    world.acceptInvitation(id, user.id)
    expect(types().slice(-2)).toEqual([
      'organizationMembership.created',
      'organizationInvitation.accepted',
    ])
    expect(events.at(-1)?.data).toMatchObject({ status: 'accepted', user_id: user.id })
    expect(() => world.revokeInvitation(id)).toThrow('not pending')
    expect(() => world.acceptInvitation(id, world.createUser().id)).toThrow('not pending')
    expect(world.store.memberships.size()).toBe(1)
  })
})

describe('subscriptions', () => {
  test('tell of a new status by an event of its own', () => {
    const { id: userId } = world.createUser()
    const subscription = world.createSubscription({ user_id: userId })
    const [item] = subscription['items'] as { id: string }[]
    world.updateSubscription(subscription.id, { status: 'past_due' })
    world.updateSubscription(subscription.id, { latest_payment_id: 'cpa_2' })
    world.updateSubscriptionItem(item?.id ?? '', { status: 'canceled', canceled_at: 1 })
    world.updateSubscriptionItem(item?.id ?? '', { seats: { quantity: 9 } })
    expect(types().slice(1)).toEqual([
      'subscription.created',
      'subscriptionItem.active',
      'subscription.pastDue',
      'subscription.updated',
      'subscriptionItem.canceled',
      'subscriptionItem.updated',
    ])
  })
})

describe('generated users', () => {
  test('are members of generated organizations and go like others', () => {
    begin({ generated: { users: 10, organizations: 3 } })
    const { store } = world
    const [first, second] = [...store.users.walk()].map(store.users.resolve)
    const { id } = store.organizations.resolve(0)
    expect(store.memberships.size()).toBe(10)
    expect(store.organizations.get(id)['created_by']).toBe(first?.id)
    world.deleteUser(second?.id ?? '')
    expect(store.memberships.size()).toBe(9)
    world.deleteOrganization(id)
    expect(store.memberships.size()).toBe(5)
    expect(types()).toEqual(['user.deleted', 'organization.deleted'])
    expect(world.createUser().created_at).toBeGreaterThan(store.users.resolve(9).created_at)
  })
})
