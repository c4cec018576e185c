import { DatabaseUnavailableError } from '@clerk-sync/db'
import { expect, test } from 'vitest'
import { differences } from './differences.ts'
import { fill } from './fill.ts'
import { createScene } from './scene.ts'

test('stopped after every second page, it goes on behind that page and ends equal to Clerk', async () => {
  const scene = await createScene({ generatedUsers: 1_700, generatedOrganizations: 600 })
  fill(scene.fake.world)
  let runs = 0
  let results: Awaited<ReturnType<typeof scene.backfill>> = []
  do {
    const stopping = new AbortController()
    let pages = 0
    results = await scene.backfill({
      resume: runs > 0,
      signal: stopping.signal,
      onProgress() {
        pages += 1
        if (pages === 2) stopping.abort()
      },
    })
    runs += 1
  } while (results.some(({ stopped }) => stopped) && runs < 50)
  expect(runs).toBeGreaterThan(5)
  expect(runs).toBeLessThan(50)
  const users = results.find(({ entity }) => entity.name === 'user')
  expect(users).toMatchObject({ wasFinished: true, counts: { created: 1_703, unchanged: 0 } })
  expect(await differences(scene)).toEqual([])
})

test('what was finished before the stop is not read again', async () => {
  const scene = await createScene({ generatedUsers: 10, generatedOrganizations: 2 })
  const stopping = new AbortController()
  await scene.backfill({
    signal: stopping.signal,
    onProgress: ({ entity }) => void (entity.name === 'organization' && stopping.abort()),
  })
  const asked = scene.fake.requests.length
  await scene.backfill({ resume: true })
  const paths = scene.fake.requests.slice(asked).map(({ path }) => path)
  expect(paths).not.toContain('/v1/users')
  expect(paths).toContain('/v1/organization_memberships')
  expect(await differences(scene)).toEqual([])
})

test('an entity that an older backfill finished, but the stopped one did not reach, is read', async () => {
  const scene = await createScene({ generatedUsers: 10, generatedOrganizations: 2 })
  await scene.backfill()
  scene.fake.world.updateOrganization(scene.fake.world.createOrganization({ name: 'New' }).id, {
    name: 'Newer',
  })
  const stopping = new AbortController()
  await scene.backfill({ signal: stopping.signal, onProgress: () => stopping.abort() })
  await scene.backfill({ resume: true })
  expect(await differences(scene)).toEqual([])
})

test('without anything to go on with, it begins at the start', async () => {
  const scene = await createScene({ generatedUsers: 3 })
  const [users] = await scene.backfill({ resume: true })
  expect(users?.counts.created).toBe(3)
})

test('the user where it stopped may be deleted before it goes on', async () => {
  const scene = await createScene({ generatedUsers: 1_600 })
  const stopping = new AbortController()
  await scene.backfill({ signal: stopping.signal, onProgress: () => stopping.abort() })
  const [state] = await scene.query<{ after: string }>(
    `SELECT position->>'after' AS after FROM clerk.backfills WHERE entity = 'user'`,
  )
  scene.fake.world.deleteUser(state?.after ?? '')
  await scene.backfill({ resume: true })
  const [count] = await scene.query('SELECT count(*)::int AS count FROM clerk.users')
  expect(count).toEqual({ count: 1_600 })
})

test('a list that stays unavailable is not finished, and it continues from there when the API answers again', async () => {
  const scene = await createScene({ generatedUsers: 1_600 })
  const end = scene.fake.faults.beforeAnswer('/v1/users', ({ page }) => {
    if (page === 2) scene.fake.faults.add({ path: '/v1/users', status: 503 })
  })
  const api = scene.openApi({ budgetMs: 400 })
  const [interrupted] = await scene.backfill({ api })
  expect(interrupted?.problem).toContain('503')
  end()
  scene.fake.faults.clear()
  const [users] = await scene.backfill({ resume: true })
  expect(users?.problem).toBeUndefined()
  expect(users?.counts).toMatchObject({ created: 1_600, unchanged: 0 })
  expect(await differences(scene)).toEqual([])
})

test('waits for a database that can not write now, and loses nothing', async () => {
  const scene = await createScene({ generatedUsers: 1_200 })
  const waits: string[] = []
  const released = Promise.withResolvers<void>()
  const holding = Promise.withResolvers<void>()
  const holder = scene.openDatabase()
  const held = holder.transaction(async (tx) => {
    await tx.execute('LOCK TABLE clerk.users IN EXCLUSIVE MODE')
    holding.resolve()
    await released.promise
  })
  await holding.promise
  const [users] = await scene.backfill({
    onWait({ reason }) {
      waits.push(reason)
      released.resolve()
    },
  })
  await held
  expect(waits[0]).toContain("the database can't write now")
  expect(users?.counts.created).toBe(1_200)
  expect(await differences(scene)).toEqual([])
})

test('a database that stays unavailable ends it with its error', async () => {
  const scene = await createScene({ generatedUsers: 3 })
  const db = scene.openDatabase()
  await db.close()
  const unavailable = { ...db, transaction: () => scene.db.transaction(() => closed()) }
  await expect(scene.backfill({ db: unavailable, waitForDatabaseMs: 300 })).rejects.toMatchObject({
    code: 'ERR_DATABASE_UNAVAILABLE',
  })
})

const closed = () => Promise.reject(new DatabaseUnavailableError('connect ECONNREFUSED'))

test('only one backfill runs at a time, and one that was stopped leaves the way free', async () => {
  const scene = await createScene({ generatedUsers: 1_200 })
  const db = scene.openDatabase()
  const stopping = new AbortController()
  let second: unknown
  scene.fake.faults.beforeAnswer('/v1/users', async ({ page }) => {
    if (page !== 2 || stopping.signal.aborted) return
    second = await scene.backfill({ db, resume: true }).catch((error: unknown) => error)
    stopping.abort()
  })
  await scene.backfill({ signal: stopping.signal, startedBy: 'the first' })
  expect(second).toMatchObject({
    code: 'ERR_BACKFILL_BUSY',
    message: expect.stringContaining('by the first: wait for its end'),
  })
  await scene.backfill({ db, resume: true })
  expect(await differences(scene)).toEqual([])
})
