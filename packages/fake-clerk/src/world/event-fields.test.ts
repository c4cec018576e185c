import { buildSample } from '@clerk-sync/events/samples'
import { expect, test } from 'vitest'
import { createWorld } from './create-world.ts'
import type { WebhookEvent } from './publisher.ts'

/** What Clerk counts on request only, and its own captured events lack. */
const optional: Record<string, string[]> = {
  organization: [
    'created_by',
    'members_count',
    'missing_member_with_elevated_permissions',
    'pending_invitations_count',
  ],
}

function collectEvents(): WebhookEvent[] {
  const world = createWorld({ cascadeEvents: true })
  const events: WebhookEvent[] = []
  world.onEvent((event) => events.push(event))
  const user = world.createUser()
  const payer = { user_id: user.id }
  const organization = world.createOrganization({ created_by: user.id })
  world.updateOrganization(organization.id, {})
  const owned = { organization_id: organization.id }
  const membership = world.createMembership({ ...owned, user_id: world.createUser().id })
  world.updateMembership(membership.id, { role: 'org:admin' })
  const invitation = { ...owned, inviter_id: user.id }
  world.acceptInvitation(world.createInvitation(invitation).id, world.createUser().id)
  world.revokeInvitation(world.createInvitation(invitation).id)
  const domain = world.createDomain(owned)
  const { verification } = buildSample('organizationDomain.updated').data
  world.updateDomain(domain.id, { verification, affiliation_verification: verification })
  world.deleteDomain(domain.id)
  const permission = world.createPermission()
  const role = world.createRole({ permissions: [permission.id] })
  world.updateRole(role.id, {})
  world.updatePermission(permission.id, {})
  world.deleteRole(role.id)
  world.deletePermission(permission.id)
  const { invitation: ofEntry } = buildSample('waitlistEntry.updated').data
  world.updateWaitlistEntry(world.createWaitlistEntry().id, { invitation: ofEntry })
  world.createSession({ ...payer, status: 'pending' })
  for (const status of ['ended', 'removed', 'revoked'] as const) {
    world.endSession(world.createSession(payer).id, status)
  }
  const subscription = world.createSubscription(payer)
  world.updateSubscription(subscription.id, {})
  const item = world.createSubscriptionItem(subscription.id, { status: 'upcoming' })
  world.updateSubscriptionItem(item.id, {})
  world.deleteMembership(membership.id)
  world.deleteOrganization(organization.id)
  world.updateUser(user.id, {})
  world.deleteUser(user.id)
  return events
}

test('every event has the fields of its sample, in its objects too', () => {
  const events = collectEvents()
  expect(new Set(events.map(({ type }) => type)).size).toBe(33)
  for (const { type, data } of events) {
    expect([type, fieldsOf(data)]).toEqual([type, fieldsOf(buildSample(type).data)])
  }
})

function fieldsOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const { object } = value as { object?: string }
  const left = 'deleted' in value ? [] : (optional[object ?? ''] ?? [])
  const named = Object.entries(value)
    .filter(([name]) => !left.includes(name) && !name.endsWith('_metadata') && name !== 'actor')
    .map(([name, field]) => [name, fieldsOf(field)])
  return Object.fromEntries(named)
}
