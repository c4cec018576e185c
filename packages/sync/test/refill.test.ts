import { applyChanges } from '@clerk-sync/db'
import { changeFromApi, selectKept } from '@clerk-sync/events'
import type { Upsert } from '@clerk-sync/events'
import { expect, test } from 'vitest'
import { readDeployment, saveSettings } from '../src/index.ts'
import { differences } from './differences.ts'
import { fill } from './fill.ts'
import { createScene } from './scene.ts'
import type { Scene } from './scene.ts'
import { startWebhooks } from './webhooks.ts'

const rules = { deletionPolicy: 'erase', auditValues: false } as const
const hourMs = 3_600_000

/** A Clerk whose objects are old enough that no webhook of them is on its way. */
const createOldScene = (generatedUsers = 0) =>
  createScene({ generatedUsers, generatedOrganizations: 2, now: () => Date.now() - hourMs })

const usersOf = ({ entities }: Scene) => entities.filter(({ name }) => name === 'user')

test('a field that is kept later is filled by a refill, and by nothing else', async () => {
  const scene = await createOldScene()
  scene.fake.world.createUser({ private_metadata: { plan: 'gold' } })
  const withoutIt = selectKept({ entities: ['users'] }).entities
  await scene.backfill({ entities: withoutIt })
  const read = () => scene.query('SELECT private_metadata FROM clerk.users')
  await scene.backfill()
  expect(await read()).toEqual([{ private_metadata: null }])
  const [dry] = await scene.backfill({ refill: true, dryRun: true })
  expect(dry?.counts).toMatchObject({ updated: 1, unchanged: 0 })
  expect(await read()).toEqual([{ private_metadata: null }])
  const [users] = await scene.backfill({ refill: true })
  expect(users?.counts).toMatchObject({ updated: 1, unchanged: 0 })
  expect(await read()).toEqual([{ private_metadata: { plan: 'gold' } }])
  const [again] = await scene.backfill({ refill: true })
  expect(again?.counts).toMatchObject({ updated: 0, unchanged: 1 })
})

test('what was changed by hand, or in Clerk without a new updated_at, is repaired by a refill', async () => {
  const scene = await createOldScene(20)
  fill(scene.fake.world)
  await scene.backfill()
  await scene.query(`UPDATE clerk.users SET first_name = 'By hand'`)
  await scene.query(`UPDATE clerk.organization_memberships SET role = 'org:renamed'`)
  await scene.query('DELETE FROM clerk.email_addresses')
  await scene.backfill()
  expect(await differences(scene)).not.toEqual([])
  await scene.backfill({ refill: true })
  expect(await differences(scene)).toEqual([])
})

test('a refill changes nothing of an event that is newer than what was read', async () => {
  const scene = await createOldScene(3)
  const webhooks = startWebhooks(scene)
  await scene.backfill()
  const { world } = scene.fake
  const [user] = [...world.store.users.walk()].map((ref) => world.store.users.resolve(ref))
  if (!user) throw new Error('there is a user')
  // A second change of the same millisecond, after the page was read.
  const api = scene.openApi()
  const late: typeof api = {
    async get(path, params, more) {
      const page = await api.get(path, params, more)
      if (path === '/users') webhooks.tell('user.updated', { ...user, first_name: 'Newer' })
      await webhooks.settled()
      return page
    },
  }
  await scene.backfill({ api: late, refill: true })
  const [row] = await scene.query(`SELECT first_name FROM clerk.users WHERE id = '${user.id}'`)
  expect(row).toEqual({ first_name: 'Newer' })
})

test('an event and a refill of one updated_at end in the same row, whichever is first', async () => {
  const scene = await createOldScene()
  const { world } = scene.fake
  const [entity] = usersOf(scene)
  const ends: unknown[] = []
  const users = [world.createUser(), world.createUser()]
  const webhooks = startWebhooks(scene)
  for (const [index, user] of users.entries()) {
    const isEventFirst = index === 0
    const read = entity && changeFromApi(entity, user)
    if (read?.kind !== 'upsert') throw new Error('it is readable')
    const refill: Upsert = { ...read, readAt: Date.now() - 60_000 }
    const tell = async () => {
      webhooks.tell('user.updated', { ...user, first_name: 'As told' })
      await webhooks.settled()
    }
    if (isEventFirst) await tell()
    await applyChanges(scene.db, [refill], rules)
    if (!isEventFirst) await tell()
    const [row] = await scene.query<{ first_name: string }>(
      `SELECT first_name FROM clerk.users WHERE id = '${user.id}'`,
    )
    ends.push(row?.first_name)
  }
  expect(ends).toEqual(['As told', 'As told'])
})

test('webhooks and a refill at once end equal to Clerk, whichever wins', async () => {
  const scene = await createScene({ generatedUsers: 700, generatedOrganizations: 5 })
  const { world } = scene.fake
  await scene.backfill()
  await scene.query(`UPDATE clerk.users SET first_name = 'By hand'`)
  const webhooks = startWebhooks(scene)
  const ids = [...world.store.users.walk()].map((ref) => world.store.users.resolve(ref).id)
  let turn = 0
  scene.fake.faults.beforeAnswer('/v1/**', () => {
    for (const id of ids.slice(turn * 20, turn * 20 + 20)) {
      if (turn % 3 === 0) world.deleteUser(id)
      else world.updateUser(id, { first_name: `Turn ${turn}` })
    }
    turn += 1
  })
  await scene.backfill({ refill: true })
  await webhooks.settled()
  expect(await differences(scene)).toEqual([])
})

test('what the API does not say of an accepted invitation stays', async () => {
  const scene = await createOldScene()
  const { world } = scene.fake
  const webhooks = startWebhooks(scene)
  const { users, pairs } = fill(world)
  world.acceptInvitation(pairs[0]?.invitation.id ?? '', users[1]?.id ?? '')
  await webhooks.settled()
  const read = () =>
    scene.query(`SELECT user_id, email_address, status FROM clerk.organization_invitations
                 WHERE status = 'accepted'`)
  const before = await read()
  expect(before).toEqual([
    { user_id: users[1]?.id, email_address: expect.stringContaining('@'), status: 'accepted' },
  ])
  await scene.backfill({ refill: true })
  expect(await read()).toEqual(before)
})

test('a refill that was stopped goes on as one', async () => {
  const scene = await createOldScene(1_200)
  await scene.backfill()
  await scene.query(`UPDATE clerk.users SET first_name = 'By hand'`)
  const stopping = new AbortController()
  await scene.backfill({
    refill: true,
    signal: stopping.signal,
    onProgress: () => stopping.abort(),
  })
  await scene.backfill({ resume: true })
  expect(await differences(scene)).toEqual([])
})

test('a field that the worker keeps from now on is unfilled until its table is refilled', async () => {
  const scene = await createOldScene(3)
  const save = (fields: readonly string[], entities = ['users', 'roles']) =>
    saveSettings(scene.db, { deletionPolicy: 'erase', choice: { entities, fields } })
  const unfilled = async () => (await readDeployment(scene.db)).unfilled
  await save(['-users.image_url'])
  expect(await unfilled()).toEqual([])
  await save(['users.private_metadata'])
  expect([...(await unfilled())].toSorted()).toEqual(['users.image_url', 'users.private_metadata'])
  await save(['users.private_metadata', '-users.image_url'], ['users', 'roles', 'organizations'])
  expect(await unfilled()).toEqual(['users.private_metadata'])
  await scene.backfill()
  expect(await unfilled()).toEqual(['users.private_metadata'])
  await scene.backfill({ refill: true, entities: usersOf(scene) })
  expect(await unfilled()).toEqual([])
})
