import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createBackendApi, createRateLimiter } from '@clerk-sync/events/backend-api'
import type { BackendApi } from '@clerk-sync/events/backend-api'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isComplete } from '../src/index.ts'
import type { BackfillResult } from '../src/index.ts'
import { driftIn, idsIn, invent, lose } from './drift.ts'
import { fill } from './fill.ts'
import { createScene } from './scene.ts'
import type { Scene } from './scene.ts'

/** The scene's Clerk with other answers; `answers` gets the path behind /v1, and returns what it changes. */
async function serveInstead(
  scene: Scene,
  answers: (path: string, query: URLSearchParams) => Answer | undefined,
): Promise<BackendApi> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', scene.fake.url)
    const instead = answers(url.pathname.replace('/v1', ''), url.searchParams)
    if (instead) {
      response.writeHead(instead.status, instead.headers)
      response.end(instead.body)
      return
    }
    const headers = { authorization: `Bearer ${scene.fake.secretKey}` }
    fetch(url, { headers })
      .then(async (found) => response.writeHead(found.status).end(await found.text()))
      .catch(() => response.destroy())
  })
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return createBackendApi({
    secretKey: scene.fake.secretKey,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rateLimiter: createRateLimiter({ requests: 1e6, perMs: 1 }),
    budgetMs: 300,
  })
}

interface Answer {
  status: number
  body: string
  headers?: Record<string, string>
}

const json = (body: unknown, status = 200): Answer => ({ status, body: JSON.stringify(body) })
const refused = (status: number, code?: string): Answer =>
  json(code === undefined ? { message: 'no' } : { errors: [{ code }] }, status)

const problemsIn = (results: readonly BackfillResult[]) =>
  Object.fromEntries(
    results.flatMap(({ entity, problem }) =>
      problem === undefined ? [] : [[entity.table, problem]],
    ),
  )

async function createFilled(): Promise<Scene> {
  const scene = await createScene()
  fill(scene.fake.world)
  return scene
}

describe('a list that can not be read', () => {
  test.for<[string, Answer, string]>([
    [
      '403 authorization_invalid',
      refused(403, 'authorization_invalid'),
      '403 authorization_invalid',
    ],
    ['403 of a proxy', refused(403), '403 to /organization_roles'],
    ['402 without a feature', refused(402, 'payment_required'), '402 payment_required'],
    ['404 with a code', refused(404, 'resource_not_found'), '/organization_roles (404)'],
    ['404 without a code', refused(404), '404 to /organization_roles'],
    ['422', refused(422, 'form_param_value_invalid'), '422 form_param_value_invalid'],
    ['503 for good', refused(503), '/organization_roles: 503'],
    [
      'a redirect elsewhere',
      { status: 302, body: '', headers: { location: 'https://other.example/x?id=role_1' } },
      'a redirect to https://other.example,',
    ],
    ['no data', json({ total_count: 2 }), '/organization_roles is no list'],
    ['null', json(null), '/organization_roles is no list'],
    ['fewer than it counts', json({ data: [], total_count: 2 }), 'counts 2 in /organization_roles'],
  ])('because of %s is named, and all others are read', async ([, answer, said]) => {
    const scene = await createFilled()
    const api = await serveInstead(scene, (path) =>
      path === '/organization_roles' ? answer : undefined,
    )
    const results = await scene.backfill({ api })
    expect(problemsIn(results)).toEqual({ roles: expect.stringContaining(said) })
    expect(problemsIn(results)['roles']).not.toContain('role_1')
    expect(await idsIn(scene, 'users')).toHaveLength(3)
    expect(await idsIn(scene, 'waitlist_entries')).toHaveLength(3)
    await scene.backfill()
    const found = await scene.reconcile({ api, repair: { maxDeletes: { percent: 100 } } })
    expect(isComplete(found)).toBe(false)
    expect(found.filter((one) => !isComplete([one]))).toEqual([
      expect.objectContaining({ table: 'roles', problem: expect.stringContaining(said) }),
    ])
    expect(await idsIn(scene, 'roles')).toHaveLength(2)
  })

  test('because every list is refused leaves nothing that looks like success', async () => {
    const scene = await createFilled()
    const api = await serveInstead(scene, () => refused(404, 'resource_not_found'))
    const results = await scene.backfill({ api })
    expect(Object.keys(problemsIn(results))).toHaveLength(results.length)
    const found = await scene.reconcile({ api })
    expect(found.every((one) => one.problem !== undefined)).toBe(true)
  })
})

test('a host that no name server knows is named with what to look at', async () => {
  const api = createBackendApi({
    secretKey: 'sk_test_a',
    url: 'http://clerk.invalid',
    rateLimiter: createRateLimiter({ requests: 1e6, perMs: 1 }),
    budgetMs: 100,
  })
  await expect(api.get('/instance')).rejects.toThrow(
    /^Clerk's API can't be found: getaddrinfo ENOTFOUND clerk\.invalid\. .*CLERK_API_URL names the API$/,
  )
})

test.for([403, 404, 422])(
  'a feature that Clerk says is not enabled, with %i, is no problem',
  async (status) => {
    const scene = await createFilled()
    const api = await serveInstead(scene, (path) =>
      path.startsWith('/organization')
        ? refused(status, 'organization_not_enabled_in_instance')
        : undefined,
    )
    const results = await scene.backfill({ api })
    expect(problemsIn(results)).toEqual({})
    expect(results.filter(({ skipped }) => skipped !== undefined)).toHaveLength(6)
    expect(isComplete(await scene.reconcile({ api }))).toBe(true)
  },
)

test.for([refused(403, 'authorization_invalid'), refused(503), json({ total_count: 'three' })])(
  'a count that is refused or wrong does not matter: %j',
  // Twice up to ten seconds are waited for a count that is not answered: once a run.
  { timeout: 60_000 },
  async (answer) => {
    const scene = await createFilled()
    let asked = 0
    const api = await serveInstead(scene, (path) => {
      if (path !== '/users/count') return undefined
      asked += 1
      return answer
    })
    expect(problemsIn(await scene.backfill({ api }))).toEqual({})
    expect(isComplete(await scene.reconcile({ api }))).toBe(true)
    // A server that is unavailable is asked several times in those seconds.
    expect(asked).toBeLessThanOrEqual(answer.status === 503 ? Infinity : 2)
  },
)

test('a user who is counted but never listed is a problem', async () => {
  const scene = await createFilled()
  await scene.backfill()
  const api = await serveInstead(scene, (path) =>
    path === '/users/count' ? json({ total_count: 4 }) : undefined,
  )
  expect(problemsIn(await scene.backfill({ api }))).toEqual({
    users: 'Clerk counts 4 in /users, but its list has 3',
  })
  const [users] = await scene.reconcile({ api })
  expect(users).toMatchObject({ seen: 3, problem: 'Clerk counts 4 in /users, but its list has 3' })
})

test('entries that are none of this kind are reported, and the others are written and compared', async () => {
  const scene = await createFilled()
  const { users, organizations } = {
    users: [...scene.fake.world.store.users.walk()].map((ref) =>
      scene.fake.world.store.users.resolve(ref),
    ),
    organizations: [...scene.fake.world.store.organizations.walk()].map((ref) =>
      scene.fake.world.store.organizations.resolve(ref),
    ),
  }
  const [first, second, third] = users
  const odd = [
    first,
    null,
    { ...second, updated_at: null },
    third,
    third,
    organizations[0],
    { name: 'x' },
  ]
  const api = await serveInstead(scene, (path, query) => {
    if (path !== '/users' || query.has('user_id')) return undefined
    return json(query.has('starting_after') ? [] : odd)
  })
  const problems: string[] = []
  const entities = scene.entities.filter(({ name }) => name === 'user')
  const [result] = await scene.backfill({
    api,
    entities,
    onProblem: (_, said) => void problems.push(said),
  })
  expect(result?.counts).toMatchObject({ created: 2, failed: 4 })
  expect(problems).toEqual([
    'an entry of /users has no id',
    'an entry of /users has no id',
    `${String(organizations[0]?.id)}: it is in /users, but is a organization`,
    `${String(second?.id)}: data.updated_at is not a time in milliseconds`,
  ])
  const [found] = await scene.reconcile({ api, entities })
  expect(found).toMatchObject({ unread: 4, drift: { missing: 0, extra: 0 } })
  expect(found?.reasons.join()).toContain(`${String(second?.id)}: updated_at is not a time`)
})

test('memberships are read by organization where the API has no list of all', async () => {
  const scene = await createFilled()
  const api = await serveInstead(scene, (path) =>
    path === '/organization_memberships' || path === '/organization_domains'
      ? refused(404)
      : undefined,
  )
  expect(problemsIn(await scene.backfill({ api }))).toEqual({})
  expect(await idsIn(scene, 'organization_memberships')).toHaveLength(3)
  await lose(
    scene,
    'organization_memberships',
    (await idsIn(scene, 'organization_memberships')).slice(1),
  )
  expect(driftIn(await scene.reconcile({ api }))).toEqual(['organization_memberships missing: 2'])
  const found = await scene.reconcile({ api, repair: { maxDeletes: { rows: 0 } } })
  expect([driftIn(found), isComplete(found)]).toEqual([[], true])
})

test('a list that can not be asked for ids, or gives fewer than asked for, deletes nobody', async () => {
  const scene = await createScene({ generatedUsers: 30 })
  await scene.backfill()
  const all = [...scene.fake.world.store.users.walk()].map((ref) =>
    scene.fake.world.store.users.resolve(ref),
  )
  const repair = { maxDeletes: { percent: 100 } }
  const entities = scene.entities.filter(({ name }) => name === 'user')
  for (const isFilterKnown of [true, false]) {
    const api = await serveInstead(scene, (path, query) => {
      if (path === '/users/count') return json({ total_count: 0 })
      if (path !== '/users') return undefined
      if (!query.has('user_id')) return json([])
      const asked = query.getAll('user_id')
      return json((isFilterKnown ? all.filter(({ id }) => asked.includes(id)) : all).slice(0, 7))
    })
    expect(driftIn(await scene.reconcile({ api, entities, repair }))).toEqual([])
    expect(await idsIn(scene, 'users')).toHaveLength(30)
  }
})

test('a repair that the database refuses is reported with its reason, and the others are written', async () => {
  const scene = await createFilled()
  await scene.backfill()
  const [kept = '', lost = '', other = ''] = await idsIn(scene, 'users')
  await lose(scene, 'users', [lost, other])
  await scene.query(`
    CREATE TABLE clerk.orders (user_id text REFERENCES clerk.users (id));
  `)
  const [extra = ''] = await invent(scene, 'users', 1)
  await scene.query(`INSERT INTO clerk.orders VALUES ('${kept}'), ('${extra}')`)
  await scene.query(`ALTER TABLE clerk.users ADD CONSTRAINT no_such CHECK (id <> '${lost}')`)
  const [users] = await scene.reconcile({ repair: { maxDeletes: { rows: 5 } } })
  expect(users).toMatchObject({ repaired: 1, refused: 2, drift: { missing: 1, extra: 1 } })
  expect(users?.reasons.toSorted()).toEqual(
    [
      `${extra}: the database refused the statement: SQLSTATE 23503 (table orders, constraint orders_user_id_fkey)`,
      `${lost}: the database refused the statement: SQLSTATE 23514 (table users, constraint no_such)`,
    ].toSorted(),
  )
})

test('the last row of a table goes within a share, and does not hold up the tables behind it', async () => {
  const scene = await createScene()
  const { world } = scene.fake
  const role = world.createRole()
  world.createPermission()
  world.createWaitlistEntry()
  await scene.backfill()
  world.deleteRole(role.id)
  await lose(scene, 'permissions', await idsIn(scene, 'permissions'))
  const repair = { maxDeletes: { percent: 1 } }
  expect(driftIn(await scene.reconcile({ repair }))).toEqual([])
  expect(await idsIn(scene, 'roles')).toEqual([])
  await invent(scene, 'waitlist_entries', 3)
  const [found] = (await scene.reconcile({ repair })).filter((one) => one.exceedsDeleteLimit)
  expect(found?.note).toContain('RECONCILE_MAX_DELETES')
})
