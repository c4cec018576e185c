import { expect, test } from 'vitest'
import { differences } from './differences.ts'
import { fill } from './fill.ts'
import { createScene } from './scene.ts'
import type { Scene } from './scene.ts'
import { startWebhooks } from './webhooks.ts'

interface Retry {
  path: string
  reason: string
  inMs: number
}

function addEveryFault({ fake }: Scene): void {
  const { faults } = fake
  faults.add({ rateLimit: { requests: 4, windowMs: 300, retryAfterSeconds: 1 } })
  faults.add({ status: 500, probability: 0.06, seed: 2 })
  faults.add({ status: 503, probability: 0.06, seed: 3 })
  faults.add({ delayMs: 40, probability: 0.3, seed: 4 })
  faults.add({ cut: 'before', probability: 0.05, seed: 5 })
  faults.add({ cut: 'middle', probability: 0.05, seed: 6 })
  faults.add({ malformed: true, probability: 0.05, seed: 7 })
  faults.add({ hang: true, times: 1, path: '/v1/organizations' })
}

/** Before each answer users and memberships come, change and go, at both ends of the lists. */
function changeDuringWalks({ fake }: Scene, lists: readonly string[]): void {
  const { world } = fake
  const ids = [...world.store.users.walk()].map((ref) => world.store.users.resolve(ref).id)
  const organizations = [...world.store.organizations.walk()].map(
    (ref) => world.store.organizations.resolve(ref).id,
  )
  function change() {
    if (organizations.length < 2) return
    world.updateUser(ids.shift() ?? '', { first_name: 'Changed', email_address: 'c@example.com' })
    for (const id of [...ids.splice(0, 7), ...ids.splice(-7)]) world.deleteUser(id)
    world.updateUser(ids.at(-1) ?? '', { public_metadata: { late: true } })
    world.createMembership({
      user_id: world.createUser({ email_address: 'c@example.com' }).id,
      organization_id: organizations[0],
    })
    world.deleteOrganization(organizations.pop() ?? '')
  }
  for (const list of lists) fake.faults.beforeAnswer(list, change)
}

test.each(['refuse', 'end', 'follow'] as const)(
  'with every fault at once, and changes during the walk, it ends equal to Clerk, where a deleted cursor is answered with %s',
  async (deletedCursor) => {
    const scene = await createScene({
      generatedUsers: 1_400,
      generatedOrganizations: 60,
      deletedCursor,
    })
    fill(scene.fake.world)
    const webhooks = startWebhooks(scene)
    addEveryFault(scene)
    changeDuringWalks(scene, ['/v1/users', '/v1/organization_memberships'])
    const retries: Retry[] = []
    const api = scene.openApi({ requestTimeoutMs: 1_500, onRetry: (retry) => retries.push(retry) })
    await scene.backfill({ api })
    await webhooks.settled()
    expect(retries.length).toBeGreaterThan(0)
    expect(await differences(scene)).toEqual([])
  },
  120_000,
)

test('with one failure of each way, it ends equal to Clerk', async () => {
  const scene = await createScene({ generatedUsers: 20, generatedOrganizations: 2 })
  fill(scene.fake.world)
  scene.fake.faults.add({ path: '/v1/users', times: 1, status: 502 })
  scene.fake.faults.add({ path: '/v1/organizations', times: 1, cut: 'before' })
  scene.fake.faults.add({ path: '/v1/organization_memberships', times: 1, cut: 'middle' })
  scene.fake.faults.add({ path: '/v1/organization_roles', times: 1, malformed: true })
  scene.fake.faults.add({ path: '/v1/organization_domains', times: 1, delayMs: 30 })
  const reasons: string[] = []
  const api = scene.openApi({ onRetry: ({ reason }) => void reasons.push(reason) })
  await scene.backfill({ api })
  expect(reasons).toHaveLength(4)
  expect(await differences(scene)).toEqual([])
})

test('waits as long as Retry-After says, all of it', async () => {
  const scene = await createScene({ generatedUsers: 1_600 })
  scene.fake.faults.add({
    path: '/v1/users',
    rateLimit: { requests: 2, windowMs: 900, retryAfterSeconds: 1 },
  })
  const waits: number[] = []
  const api = scene.openApi({ onRetry: ({ inMs }) => void waits.push(inMs) })
  await scene.backfill({ api })
  expect(waits.length).toBeGreaterThan(0)
  expect(new Set(waits)).toEqual(new Set([1_000]))
  const users = scene.fake.requests.filter(({ path }) => path === '/v1/users')
  const refused = users.findIndex(({ status }) => status === 429)
  const pause = Number(users[refused + 1]?.at) - Number(users[refused]?.at)
  // A timer may be early by a millisecond.
  expect(pause).toBeGreaterThanOrEqual(999)
  expect(await differences(scene)).toEqual([])
})

test('webhooks and backfill at once end equal to Clerk, whichever wins', async () => {
  const scene = await createScene({ generatedUsers: 1_500, generatedOrganizations: 20 })
  const { world } = scene.fake
  const webhooks = startWebhooks(scene)
  const ids = [...world.store.users.walk()].map((ref) => world.store.users.resolve(ref).id)
  const done = new AbortController()
  const storm = (async () => {
    for (let turn = 0; !done.signal.aborted || turn < 200; turn += 1) {
      const id = ids[(turn * 37) % ids.length] ?? ''
      if (world.store.users.find(id)) {
        if (turn % 5 === 0) world.deleteUser(id)
        else world.updateUser(id, { first_name: `Turn ${turn}` })
      }
      await new Promise(setImmediate)
    }
  })()
  await scene.backfill()
  done.abort()
  await storm
  await webhooks.settled()
  expect(await differences(scene)).toEqual([])
})
