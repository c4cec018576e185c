import type { World } from '../src/index.ts'

/** Puts at least one of everything into a world, and several of what comes in pages. */
export function fillWorld(world: World) {
  const ada = world.createUser({ email_address: 'ada@example.com', external_id: 'customer-1' })
  const mary = world.createUser({ email_address: ['mary@example.com', 'm@example.com'] })
  const grace = world.createUser({ username: 'grace', banned: true })
  const organization = world.createOrganization({ name: 'Engines', created_by: ada.id })
  const other = world.createOrganization({ name: 'Looms' })
  const membership = world.createMembership({ organization_id: organization.id, user_id: mary.id })
  const invited = { organization_id: organization.id, inviter_id: ada.id }
  const pending = world.createInvitation({ ...invited, email_address: 'new@example.com' })
  const accepted = world.createInvitation({ ...invited, email_address: 'grace@example.com' })
  world.acceptInvitation(accepted.id, grace.id)
  world.revokeInvitation(world.createInvitation({ organization_id: other.id }).id)
  const domain = world.createDomain({ organization_id: organization.id, name: 'engines.example' })
  const permission = world.createPermission()
  const role = world.createRole({ permissions: [permission.id] })
  const entry = world.createWaitlistEntry()
  const session = world.createSession({ user_id: ada.id })
  world.endSession(world.createSession({ user_id: ada.id }).id)
  const subscription = world.createSubscription({ user_id: ada.id })
  world.createSubscription({
    organization_id: organization.id,
    items: [{}, { status: 'upcoming' }],
  })
  return {
    ada,
    mary,
    grace,
    organization,
    other,
    membership,
    pending,
    accepted,
    domain,
    permission,
    role,
    entry,
    session,
    subscription,
  }
}
