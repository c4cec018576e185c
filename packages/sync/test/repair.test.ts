import { expect, test } from 'vitest'
import { driftOf } from '../src/index.ts'
import { age, driftIn, idsIn, invent, kill, lose } from './drift.ts'
import { dump } from './dump.ts'
import { differences } from './differences.ts'
import { fill } from './fill.ts'
import { createScene } from './scene.ts'
import type { Scene } from './scene.ts'
import { startWebhooks } from './webhooks.ts'

const all = { maxDeletes: { percent: 100 } }

async function createFilled(generatedUsers: number): Promise<Scene> {
  const scene = await createScene({ generatedUsers, generatedOrganizations: 30 })
  fill(scene.fake.world, 9)
  await scene.backfill()
  return scene
}

const repairedIn = (found: Awaited<ReturnType<Scene['reconcile']>>) =>
  Object.fromEntries(found.map(({ table, repaired }) => [table, repaired]))

async function injectEverywhere(scene: Scene): Promise<void> {
  for (const { name, table } of scene.entities) {
    const ids = await idsIn(scene, table)
    await age(scene, table, ids.slice(0, 1))
    await lose(scene, table, ids.slice(1, 2))
    if (ids.length > 4 && name !== 'organization_invitation') {
      await kill(scene, { name, table }, ids.slice(2, 4))
    }
    await invent(scene, table, 2)
  }
}

test('repairs every kind of drift in every table, and ends equal to Clerk', async () => {
  const scene = await createFilled(1_300)
  await injectEverywhere(scene)
  const found = await scene.reconcile({ repair: all })
  expect(driftIn(found)).toEqual([])
  const repaired = repairedIn(found)
  expect(repaired).toMatchObject({
    users: 6,
    organizations: 6,
    organization_invitations: 4,
    organization_domains: 6,
    roles: 4,
    permissions: 4,
    waitlist_entries: 6,
  })
  expect(await differences(scene)).toEqual([])
  expect(driftOf(await scene.reconcile())).toBe(0)
})

test('a second repair, and nine more, change nothing', async () => {
  const scene = await createFilled(600)
  await injectEverywhere(scene)
  await scene.reconcile({ repair: all })
  const before = await dump(scene)
  for (let run = 0; run < 10; run += 1) {
    const found = await scene.reconcile({ repair: all })
    expect(driftOf(found)).toBe(0)
    expect(found.every(({ repaired }) => repaired === 0)).toBe(true)
  }
  expect(await dump(scene)).toEqual(before)
})

test('fills tables that have lost everything', async () => {
  const scene = await createFilled(1_300)
  for (const { table } of scene.entities) await scene.query(`DELETE FROM clerk.${table}`)
  const found = await scene.reconcile({ repair: { maxDeletes: { rows: 0 } } })
  expect(repairedIn(found)).toMatchObject({ users: 1_309, organization_memberships: 1_309 })
  expect(await differences(scene)).toEqual([])
})

test('with more deletes than the delete limit allows nothing more is written, in no table', async () => {
  const scene = await createFilled(200)
  await lose(scene, 'users', (await idsIn(scene, 'users')).slice(0, 1))
  await lose(scene, 'roles', (await idsIn(scene, 'roles')).slice(0, 1))
  await invent(scene, 'users', 4)
  const before = await dump(scene)
  const found = await scene.reconcile({ repair: { maxDeletes: { percent: 1 } } })
  expect(driftIn(found)).toEqual(['users missing: 1', 'users extra: 4', 'roles missing: 1'])
  expect(found.find(({ table }) => table === 'users')?.note).toContain('more than 3 rows to delete')
  expect(found.find(({ table }) => table === 'roles')?.note).toContain(
    'the repair has stopped before',
  )
  expect(await dump(scene)).toEqual(before)

  const raised = await scene.reconcile({ repair: { maxDeletes: { rows: 4 } } })
  expect(driftIn(raised)).toEqual([])
  expect(await differences(scene)).toEqual([])
})

test('the key of another instance deletes and writes nothing', async () => {
  const scene = await createFilled(1_000)
  const other = await createScene({ generatedUsers: 40, generatedOrganizations: 2 })
  other.fake.world.createUser()
  const before = await dump(scene)
  const found = await scene.reconcile({
    api: other.openApi(),
    repair: { maxDeletes: { percent: 1 } },
  })
  expect(found[0]?.note).toContain('not repaired')
  expect(await dump(scene)).toEqual(before)
  // No further than the delete limit: there may be a million.
  const asked = other.fake.requests.filter(({ query }) => query.has('user_id'))
  expect(asked.length).toBeLessThanOrEqual(1 + 100)
})

test('a user who was marked as deleted wrongly is read once more after the mark is gone', async () => {
  const scene = await createScene({ generatedUsers: 10 })
  await scene.backfill()
  const webhooks = startWebhooks(scene)
  const { world } = scene.fake
  const [changed = '', deleted = '', same = ''] = await idsIn(scene, 'users')
  await kill(scene, { name: 'user', table: 'users' }, [changed, deleted, same])
  // Before the answer that is read between the mark and the write.
  scene.fake.faults.beforeAnswer('/v1/users', async ({ query }) => {
    if (!query.has('user_id')) return
    const [{ count } = { count: 0 }] = await scene.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM clerk.tombstones',
    )
    if (count > 0 || !world.store.users.find(deleted)) return
    world.deleteUser(deleted)
    world.updateUser(changed, { first_name: 'Changed' })
    await webhooks.settled()
  })
  const found = await scene.reconcile({ repair: all })
  expect(driftIn(found)).toEqual([])
  expect(await idsIn(scene, 'users')).toHaveLength(9)
  expect(await differences(scene)).toEqual([])
})

test('rows that Clerk changes and deletes while they are repaired end as Clerk has them', async () => {
  const scene = await createFilled(1_200)
  const ids = await idsIn(scene, 'users')
  await lose(scene, 'users', ids.slice(0, 300))
  await age(scene, 'users', ids.slice(300, 400))
  const webhooks = startWebhooks(scene)
  const hit = ids.slice(250, 350)
  scene.fake.faults.beforeAnswer('/v1/users', () => {
    scene.fake.world.deleteUser(hit.pop() ?? '')
    scene.fake.world.updateUser(hit.shift() ?? '', { first_name: 'Changed' })
  })
  await scene.reconcile({ repair: all, inFlightMs: 60_000 })
  await webhooks.settled()
  expect(await differences(scene)).toEqual([])
})

test('deletes leave a tombstone that a late event does not undo', async () => {
  const scene = await createScene({ generatedUsers: 10 })
  const { world } = scene.fake
  const user = world.createUser()
  await scene.backfill()
  world.deleteUser(user.id)
  const found = await scene.reconcile({ repair: all })
  expect(repairedIn(found)).toMatchObject({ users: 1 })
  expect(await scene.query('SELECT entity, id FROM clerk.tombstones')).toEqual([
    { entity: 'user', id: user.id },
  ])
  const webhooks = startWebhooks(scene)
  world.createUser({ id: user.id, created_at: user.created_at })
  await webhooks.settled()
  expect(await idsIn(scene, 'users')).toHaveLength(10)
})

test.each(['retain', 'anonymize'] as const)(
  'with %s a row that is marked as deleted wrongly lives again, with all child rows',
  async (deletionPolicy) => {
    const scene = await createScene({ generatedUsers: 10, generatedOrganizations: 2 })
    const rules = { deletionPolicy, auditValues: false }
    await scene.backfill({ rules })
    const { world } = scene.fake
    const ids = await idsIn(scene, 'users')
    const webhooks = startWebhooks(scene, rules)
    const [revived = ''] = ids
    webhooks.tell('user.deleted', { id: revived, deleted: true, object: 'user' })
    world.deleteUser(ids[1] ?? '')
    await webhooks.settled()
    const found = await scene.reconcile({ rules })
    expect(driftIn(found)).toEqual([
      'users resurrected: 1',
      'organization_memberships resurrected: 1',
    ])
    expect(driftIn(await scene.reconcile({ rules, repair: all }))).toEqual([])
    expect(await differences(scene)).toEqual([])
    const [dead] = await scene.query(`SELECT id FROM clerk.users WHERE deleted_at IS NOT NULL`)
    expect(dead).toEqual({ id: ids[1] })
  },
)
