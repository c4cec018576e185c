import type { World } from '@clerk-sync/fake-clerk'

/** Puts some of everything that has a list into a world. */
export function fill(world: World, count = 3) {
  const permission = world.createPermission()
  const permissions = [permission, world.createPermission({ key: 'org:other:read' })]
  const roles = [
    world.createRole({ permissions: permissions.map(({ id }) => id) }),
    world.createRole({ key: 'org:second', permissions: [] }),
  ]
  const users = Array.from({ length: count }, (_, index) =>
    world.createUser({
      email_address: [`first${index}@example.com`, `second${index}@example.com`],
      public_metadata: { index },
    }),
  )
  const organizations = Array.from({ length: count }, (_, index) =>
    world.createOrganization({ name: `Looms ${index}` }),
  )
  const pairs = organizations.map((organization, index) => {
    const ids = { organization_id: organization.id, user_id: users[index]?.id }
    return {
      membership: world.createMembership(ids),
      domain: world.createDomain({ organization_id: organization.id, name: `d${index}.example` }),
      invitation: world.createInvitation({
        organization_id: organization.id,
        email_address: `new${index}@example.com`,
      }),
    }
  })
  const entries = Array.from({ length: count }, () => world.createWaitlistEntry())
  return { permissions, roles, users, organizations, pairs, entries }
}
