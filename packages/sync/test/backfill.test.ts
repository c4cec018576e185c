import { describe, expect, test } from 'vitest'
import { totalOf } from '../src/index.ts'
import type { BackfillResult } from '../src/index.ts'
import { dump } from './dump.ts'
import { differences } from './differences.ts'
import { fill } from './fill.ts'
import { createScene } from './scene.ts'
import { startWebhooks } from './webhooks.ts'

const countsOf = (results: readonly BackfillResult[], table: string) =>
  results.find(({ entity }) => entity.table === table)?.counts

const none = { created: 0, updated: 0, unchanged: 0, stale: 0, failed: 0 }

test('writes everything that Clerk lists, with all child rows', async () => {
  const scene = await createScene({ generatedUsers: 1_203, generatedOrganizations: 520 })
  fill(scene.fake.world)
  const results = await scene.backfill()
  expect(countsOf(results, 'users')).toEqual({ ...none, created: 1_206 })
  expect(countsOf(results, 'organizations')).toEqual({ ...none, created: 523 })
  expect(countsOf(results, 'organization_memberships')).toEqual({ ...none, created: 1_206 })
  expect(countsOf(results, 'roles')).toEqual({ ...none, created: 2 })
  expect(await differences(scene)).toEqual([])
})

test('ten runs in a row change nothing', async () => {
  const scene = await createScene({ generatedUsers: 700, generatedOrganizations: 3 })
  fill(scene.fake.world)
  await scene.backfill()
  const before = await dump(scene)
  for (let run = 0; run < 10; run += 1) {
    const results = await scene.backfill()
    expect(countsOf(results, 'users')).toEqual({ ...none, unchanged: 703 })
    for (const { counts } of results) expect(totalOf(counts)).toBe(counts.unchanged)
  }
  expect(await dump(scene)).toEqual(before)
})

test('says how many users there are from the count of the list, and of the others from the list itself', async () => {
  const scene = await createScene({ generatedUsers: 1_100, generatedOrganizations: 600 })
  const said: [string, number, number | undefined][] = []
  await scene.backfill({
    onProgress: ({ entity, counts, total }) => said.push([entity.table, totalOf(counts), total]),
  })
  expect(said.slice(0, 5)).toEqual([
    ['users', 500, 1_100],
    ['users', 1_000, 1_100],
    ['users', 1_100, 1_100],
    ['organizations', 500, 600],
    ['organizations', 600, 600],
  ])
  const counts = scene.fake.requests.filter(({ path }) => path === '/v1/users/count')
  // Before the first page and behind the last.
  expect(counts).toHaveLength(2)
})

test('an instance that refuses the count is read without one', async () => {
  const scene = await createScene({ generatedUsers: 3 })
  scene.fake.faults.add({ path: '/v1/users/count', status: 422 })
  const [users] = await scene.backfill()
  expect(users?.counts.created).toBe(3)
})

test('counts what is new, changed, the same and older than what is here', async () => {
  const scene = await createScene({ generatedUsers: 5 })
  await scene.backfill()
  const [first, second, third] = [...scene.fake.world.store.users.walk()].map(
    (ref) => scene.fake.world.store.users.resolve(ref).id,
  )
  await scene.query(`DELETE FROM clerk.users WHERE id = '${first}'`)
  scene.fake.world.updateUser(second ?? '', { first_name: 'Changed' })
  await scene.query(
    `UPDATE clerk.users SET first_name = 'Newer', updated_at = now() WHERE id = '${third}'`,
  )
  const results = await scene.backfill()
  expect(countsOf(results, 'users')).toEqual({
    created: 1,
    updated: 1,
    unchanged: 2,
    stale: 1,
    failed: 0,
  })
  const [row] = await scene.query(`SELECT first_name FROM clerk.users WHERE id = '${third}'`)
  expect(row).toEqual({ first_name: 'Newer' })
})

test('a page that is older than an event and older than a deletion neither overwrites nor raises', async () => {
  const scene = await createScene({ generatedUsers: 20 })
  const { world } = scene.fake
  const webhooks = startWebhooks(scene)
  const ids = [...world.store.users.walk()].map((ref) => world.store.users.resolve(ref).id)
  const [changed = '', deleted = ''] = ids
  const api = scene.openApi()
  const late: typeof api = {
    async get(path, params) {
      const page = await api.get(path, params)
      if (path === '/users' && world.store.users.find(deleted)) {
        world.updateUser(changed, { first_name: 'After the page was read' })
        world.deleteUser(deleted)
        await webhooks.settled()
      }
      return page
    },
  }
  const results = await scene.backfill({ api: late })
  expect(countsOf(results, 'users')).toEqual({ ...none, created: 18, stale: 2 })
  expect(await differences(scene)).toEqual([])
})

test('an invitation that went with its user does not come back, though Clerk goes on listing it', async () => {
  const scene = await createScene()
  const { world } = scene.fake
  const webhooks = startWebhooks(scene)
  const { users, pairs } = fill(world)
  const [invitation, accepter] = [pairs[0]?.invitation.id ?? '', users[1]?.id ?? '']
  world.acceptInvitation(invitation, accepter)
  world.deleteUser(accepter)
  await webhooks.settled()
  await scene.backfill()
  const find = `SELECT id FROM clerk.organization_invitations WHERE id = '${invitation}'`
  expect(await scene.query(find)).toEqual([])
  for (const repair of [undefined, { maxDeletes: { rows: 10 } }]) {
    const found = await scene.reconcile({ repair })
    expect(found.flatMap(({ drift }) => Object.values(drift))).not.toContain(1)
  }
  expect(await scene.query(find)).toEqual([])
})

describe('an instance without organizations', () => {
  test('has their tables reported and skipped, and everything else written', async () => {
    const scene = await createScene({ generatedUsers: 3, features: { organizations: false } })
    scene.fake.world.createWaitlistEntry()
    const results = await scene.backfill()
    const skipped = results.filter((result) => result.skipped).map(({ entity }) => entity.table)
    expect(skipped).toEqual([
      'organizations',
      'organization_memberships',
      'organization_invitations',
      'organization_domains',
      'roles',
      'permissions',
    ])
    expect(results.find((result) => result.skipped)?.skipped).toContain(
      'organization_not_enabled_in_instance',
    )
    expect(countsOf(results, 'users')?.created).toBe(3)
    expect(countsOf(results, 'waitlist_entries')?.created).toBe(1)
  })
})

test('a wrong key ends it at the first request', async () => {
  const scene = await createScene({ generatedUsers: 3 })
  const api = scene.openApi({ secretKey: 'sk_test_wrong' })
  await expect(scene.backfill({ api })).rejects.toMatchObject({ code: 'ERR_SECRET_KEY_REFUSED' })
  expect(scene.fake.requests).toHaveLength(1)
})

test('what the database can not store fails alone or is replaced as in events', async () => {
  const scene = await createScene()
  const { world } = scene.fake
  const odd = world.createUser({ first_name: 'a\u0000b', unsafe_metadata: { '\uD800': '\uDFFF' } })
  const unreadable = world.createUser({ updated_at: 'noon' })
  const refused = world.createUser()
  world.createUser()
  await scene.query(`ALTER TABLE clerk.users ADD CONSTRAINT refused CHECK (id <> '${refused.id}')`)
  const problems: string[] = []
  const [users] = await scene.backfill({ onProblem: (_, problem) => void problems.push(problem) })
  expect(users?.counts).toEqual({ ...none, created: 2, failed: 2 })
  expect(problems.toSorted()).toEqual(
    [
      'the database refused the statement: SQLSTATE 23514 (table users, constraint refused)',
      `${unreadable.id}: data.updated_at is not a time in milliseconds`,
    ].toSorted(),
  )
  const [row] = await scene.query(`SELECT first_name FROM clerk.users WHERE id = '${odd.id}'`)
  expect(row).toEqual({ first_name: 'a\uFFFDb' })
})

test('a dry run writes nothing at all and counts what would be written', async () => {
  const scene = await createScene({ generatedUsers: 600, generatedOrganizations: 2 })
  const before = await dump(scene)
  const results = await scene.backfill({ dryRun: true })
  expect(countsOf(results, 'users')).toEqual({ ...none, created: 600 })
  expect(countsOf(results, 'organization_memberships')).toEqual({ ...none, created: 600 })
  expect(await dump(scene)).toEqual(before)
  expect(await scene.query('SELECT entity FROM clerk.backfills')).toEqual([])
})
