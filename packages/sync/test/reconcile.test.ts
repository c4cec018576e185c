import { expect, test, vi } from 'vitest'
import { driftOf } from '../src/index.ts'
import { age, driftIn, idsIn, invent, kill, lose } from './drift.ts'
import { dump } from './dump.ts'
import { fill } from './fill.ts'
import { createScene } from './scene.ts'
import type { Scene } from './scene.ts'
import { startWebhooks } from './webhooks.ts'

const tables = {
  users: 'user',
  organizations: 'organization',
  organization_memberships: 'organization_membership',
  organization_invitations: 'organization_invitation',
  organization_domains: 'organization_domain',
  roles: 'role',
  permissions: 'permission',
  waitlist_entries: 'waitlist_entry',
} as const

async function createFilled(count = 9): Promise<Scene> {
  const scene = await createScene()
  const { world } = scene.fake
  fill(world, count)
  for (let index = 0; index < count; index += 1) {
    world.createRole({ key: `org:role${index}` })
    world.createPermission({ key: `org:permission${index}` })
  }
  await scene.backfill()
  return scene
}

test('right after a backfill there is no drift, and it knows how many of each Clerk has', async () => {
  const scene = await createScene({ generatedUsers: 1_203, generatedOrganizations: 520 })
  await scene.backfill()
  const found = await scene.reconcile()
  expect(driftOf(found)).toBe(0)
  expect(found.map(({ table, seen }) => [table, seen]).slice(0, 3)).toEqual([
    ['users', 1_203],
    ['organizations', 520],
    ['organization_memberships', 1_203],
  ])
})

test.each(Object.entries(tables))(
  'finds every kind of drift in %s, with its ids, and writes nothing',
  async (table, name) => {
    const scene = await createFilled()
    const ids = await idsIn(scene, table)
    await lose(scene, table, ids.slice(0, 1))
    await age(scene, table, ids.slice(1, 3))
    await kill(scene, { name, table }, ids.slice(3, 5))
    const extra = await invent(scene, table, 3)
    const before = await dump(scene)
    const entities = scene.entities.filter((entity) => entity.table === table)
    const [found] = await scene.reconcile({ entities })
    expect(found?.drift).toEqual({ missing: 1, stale: 2, extra: 3, resurrected: countDead(table) })
    expect(found?.ids.missing).toEqual(ids.slice(0, 1))
    expect(found?.ids.stale).toEqual(ids.slice(1, 3))
    expect(found?.ids.extra).toEqual(extra.toSorted())
    expect(await dump(scene)).toEqual(before)
  },
)

// Who accepted an invitation is not in Clerk's list: it may have gone with its user, rightly.
const countDead = (table: string) => (table === 'organization_invitations' ? 0 : 2)

test('shows the first twenty ids of a kind and counts all', async () => {
  const scene = await createScene({ generatedUsers: 100 })
  await scene.backfill()
  await lose(scene, 'users', (await idsIn(scene, 'users')).slice(0, 60))
  const [users] = await scene.reconcile()
  expect(users?.drift.missing).toBe(60)
  expect(users?.ids.missing).toHaveLength(20)
})

test('extra rows are asked for once more: what the list left out is none', async () => {
  const scene = await createFilled()
  const entities = scene.entities.filter(({ name }) => name !== 'organization_invitation')
  const api = scene.openApi()
  const forgetful: typeof api = {
    async get(path, params) {
      const page = await api.get(path, params)
      if (params?.['order_by'] === undefined) return page
      if (Array.isArray(page)) return page.slice(1)
      const { data, ...rest } = page as { data: unknown[] }
      return { ...rest, data: data.slice(1) }
    },
  }
  expect(driftIn(await scene.reconcile({ api: forgetful, entities }))).toEqual([])
})

test('a domain behind the first ten of its organization is found by the second read', async () => {
  const scene = await createScene()
  const organization = scene.fake.world.createOrganization()
  for (let index = 0; index < 30; index += 1) {
    scene.fake.world.createDomain({ organization_id: organization.id, name: `d${index}.example` })
  }
  await scene.backfill()
  const api = scene.openApi()
  const empty: typeof api = {
    get: (path, params) =>
      path === '/organization_domains' && params?.['organization_id'] === undefined
        ? Promise.resolve({ data: [], total_count: 0 })
        : api.get(path, params),
  }
  const found = await scene.reconcile({ api: empty, repair: { maxDeletes: { percent: 100 } } })
  expect(driftIn(found)).toEqual([])
  expect(await idsIn(scene, 'organization_domains')).toHaveLength(30)
})

test('what Clerk changed a moment ago is on its way and no drift; later it is', async () => {
  const scene = await createScene({ generatedUsers: 10 })
  await scene.backfill()
  const [id = ''] = await idsIn(scene, 'users')
  scene.fake.world.updateUser(id, { first_name: 'Changed' })
  scene.fake.world.createUser()
  // The clock of the scene is a minute behind.
  expect(driftIn(await scene.reconcile({ inFlightMs: 120_000 }))).toEqual([])
  expect(driftIn(await scene.reconcile())).toEqual(['users missing: 1', 'users stale: 1'])
})

test('what arrives by webhook while it compares is no drift', async () => {
  const scene = await createScene({ generatedUsers: 1_600, generatedOrganizations: 40 })
  await scene.backfill()
  const { world } = scene.fake
  const webhooks = startWebhooks(scene)
  const ids = await idsIn(scene, 'users')
  const organizations = await idsIn(scene, 'organizations')
  for (const list of ['/v1/users', '/v1/organizations', '/v1/organization_memberships']) {
    scene.fake.faults.beforeAnswer(list, async ({ page }) => {
      if (page > 5) return
      world.updateUser(ids.shift() ?? '', { first_name: 'Changed' })
      world.deleteUser(ids.shift() ?? '')
      world.deleteUser(ids.pop() ?? '')
      world.createMembership({
        organization_id: organizations[0],
        user_id: world.createUser().id,
      })
      world.deleteOrganization(organizations.pop() ?? '')
      await webhooks.settled()
    })
  }
  expect(driftIn(await scene.reconcile({ inFlightMs: 60_000 }))).toEqual([])
  await webhooks.settled()
  expect(driftIn(await scene.reconcile())).toEqual([])
})

test('a user who is deleted between the page and its comparison is not taken for resurrected', async () => {
  const scene = await createScene({ generatedUsers: 20 })
  await scene.backfill()
  const webhooks = startWebhooks(scene)
  const [id = ''] = await idsIn(scene, 'users')
  const api = scene.openApi()
  const late: typeof api = {
    async get(path, params) {
      const page = await api.get(path, params)
      if (path === '/users' && scene.fake.world.store.users.find(id)) {
        scene.fake.world.deleteUser(id)
        await webhooks.settled()
      }
      return page
    },
  }
  for (const repair of [undefined, { maxDeletes: { rows: 5 } }]) {
    expect(driftIn(await scene.reconcile({ api: late, repair }))).toEqual([])
  }
  expect(await idsIn(scene, 'users')).toHaveLength(19)
})

test('a deletion whose webhook comes a moment after the comparison is no drift', async () => {
  const scene = await createScene({ generatedUsers: 20 })
  await scene.backfill()
  const [id = ''] = await idsIn(scene, 'users')
  scene.fake.world.deleteUser(id)
  const asked = () => scene.fake.requests.some(({ query }) => query.getAll('user_id').includes(id))
  const arrival = vi.waitUntil(asked, { timeout: 20_000 }).then(() => lose(scene, 'users', [id]))
  const found = await scene.reconcile({ settleMs: 3_000 })
  await arrival
  expect(driftIn(found)).toEqual([])
})

test('an instance without organizations has them reported and skipped', async () => {
  const scene = await createScene({ generatedUsers: 3, features: { organizations: false } })
  await scene.backfill()
  const found = await scene.reconcile()
  expect(found.filter(({ note }) => note).map(({ table }) => table)).toHaveLength(6)
  expect(driftOf(found)).toBe(0)
})
