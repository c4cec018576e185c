import { createTestDatabase } from '@clerk-sync/testing'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { createScene, holdPage, serveInstead, startCommand } from './scene.ts'
import type { Scene } from './scene.ts'

const backfill = ['backfill', '--rate', '0']

async function countUsers({ query }: Scene): Promise<number> {
  const [row] = await query<{ count: number }>('SELECT count(*)::int AS count FROM clerk.users')
  return row?.count ?? 0
}

test('--help says what it reads, what it needs and how it goes on', async () => {
  const { code, stdout } = await startCommand(['backfill', '--help'], {}).ended
  expect(code).toBe(0)
  for (const said of ['--entities', '--resume', '--dry-run', '--rate', 'CLERK_SECRET_KEY']) {
    expect(stdout).toContain(said)
  }
})

test('writes everything and sums it up in columns, on plain lines', async () => {
  const scene = await createScene({ generatedUsers: 1_234, generatedOrganizations: 12 })
  const { code, stdout, stderr } = await scene.run(backfill)
  expect(stderr).toMatch(/^users {2}\[#+ *\] {2}500 of 1,234 /)
  expect(stderr).not.toContain('\r')
  expect(stderr).toMatch(/done after \d+ s\n$/)
  expect(stdout.split('\n')).toEqual([
    '                          created  updated  unchanged  stale  failed',
    'users                       1,234        0          0      0       0',
    'organizations                  12        0          0      0       0',
    'organization_memberships    1,234        0          0      0       0',
    'organization_invitations        0        0          0      0       0',
    'organization_domains            0        0          0      0       0',
    'roles                           0        0          0      0       0',
    'permissions                     0        0          0      0       0',
    'waitlist_entries                0        0          0      0       0',
    '',
  ])
  expect(code).toBe(0)
  expect(await countUsers(scene)).toBe(1_234)
})

test('--entities reads these alone, and names what can not be read', async () => {
  const scene = await createScene({ generatedUsers: 5, generatedOrganizations: 2 })
  const { code, stdout } = await scene.run([...backfill, '--entities', 'organizations'])
  expect(code).toBe(0)
  expect(stdout.split('\n')).toHaveLength(3)
  expect(await countUsers(scene)).toBe(0)
  const wrong = await scene.run([...backfill, '--entities', 'users,sessions'])
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toContain("clerk-sync: sessions can't be read from Clerk's API; there are")
})

test('--dry-run writes nothing and says what would be', async () => {
  const scene = await createScene({ generatedUsers: 600 })
  const { code, stdout } = await scene.run([...backfill, '--dry-run'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^would be +created/)
  expect(stdout).toMatch(/users +600/)
  expect(await countUsers(scene)).toBe(0)
  expect(await scene.query('SELECT entity FROM clerk.backfills')).toEqual([])
})

test('Ctrl-C stops it with 130, and --resume goes on behind that page', async () => {
  const scene = await createScene({ generatedUsers: 2_300, generatedOrganizations: 3 })
  const held = holdPage(scene, '/v1/users', 3)
  const stopped = scene.start(backfill)
  await held.reached
  await vi.waitUntil(async () => (await countUsers(scene)) === 1_000, { timeout: 20_000 })
  stopped.kill('SIGINT')
  const first = await stopped.ended
  held.letGo()
  expect(first.code).toBe(130)
  expect(first.stderr).toContain('stopping')
  expect(first.stdout).toMatch(/users +1,000 .*stopped: --resume goes on/)

  const asked = scene.fake.requests.length
  const second = await scene.run([...backfill, '--resume'])
  expect(second.code).toBe(0)
  expect(second.stdout).toMatch(/users +2,300 +0 +0 +0 +0/)
  const pages = scene.fake.requests.slice(asked).filter(({ path }) => path === '/v1/users')
  expect(pages.length).toBeGreaterThan(0)
  expect(pages.every(({ query }) => query.has('starting_after'))).toBe(true)
})

test('killed in the middle of a page, it ends equal with --resume', async () => {
  const scene = await createScene({ generatedUsers: 2_300, generatedOrganizations: 3 })
  const held = holdPage(scene, '/v1/users', 4)
  const killed = scene.start(backfill)
  await held.reached
  killed.kill('SIGKILL')
  expect((await killed.ended).code).toBeNull()
  held.letGo()
  const { code, stdout } = await scene.run([...backfill, '--resume'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/organization_memberships +2,300/)
  expect(await countUsers(scene)).toBe(2_300)
  const { stdout: drift } = await scene.run(['reconcile', '--rate', '0'])
  expect(drift).toContain('no drift')
})

test('a wrong key ends it with 1 and one clear line', async () => {
  const scene = await createScene({ generatedUsers: 3 })
  const { code, stdout, stderr } = await scene.run(backfill, { CLERK_SECRET_KEY: 'sk_test_wrong' })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toBe(
    'clerk-sync: Clerk refused the secret key (401 clerk_key_invalid): is CLERK_SECRET_KEY the key of this instance?\n',
  )
})

test('settings that are missing are reported together', async () => {
  const { code, stderr } = await startCommand(backfill, {}).ended
  expect(code).toBe(1)
  expect(stderr).toContain('CLERK_SECRET_KEY')
  expect(stderr).toContain('DATABASE_URL')
})

test('a database that is not migrated ends it with what to run', async () => {
  const scene = await createScene()
  const database = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => database.drop())
  const { code, stderr } = await scene.run(backfill, { DATABASE_URL: database.url })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^clerk-sync: the database lacks .*run "clerk-sync migrate" first\n$/)
  expect(scene.fake.requests).toEqual([])
})

test('without organizations in Clerk they are reported, and the other tables are written', async () => {
  const scene = await createScene({ generatedUsers: 3, features: { organizations: false } })
  const { code, stdout } = await scene.run(backfill)
  expect(code).toBe(0)
  expect(stdout).toMatch(/organizations .*skipped: .*organization_not_enabled_in_instance/)
  expect(await countUsers(scene)).toBe(3)
})

test('an object that can not be read is reported, and ends it with 1 after all others', async () => {
  const scene = await createScene({ generatedUsers: 3 })
  const odd = scene.fake.world.createUser({ updated_at: 'noon' })
  const { code, stdout, stderr } = await scene.run(backfill)
  expect(code).toBe(1)
  expect(stderr).toContain(`users: ${odd.id}: data.updated_at is not a time in milliseconds\n`)
  expect(stdout).toMatch(/users +3 +0 +0 +0 +1/)
})

test('lists that the API lacks are named with their path, all others are read, and it ends with 1', async () => {
  const scene = await createScene({ generatedUsers: 3, generatedOrganizations: 2 })
  const lacking = ['/v1/organization_memberships', '/v1/organization_roles']
  const api = await serveInstead(scene, lacking)
  const { code, stdout, stderr } = await scene.run([...backfill, '--json'], { CLERK_API_URL: api })
  expect(code).toBe(1)
  expect(stderr).toContain('ended, but not everything could be read and written')
  const told = JSON.parse(stdout) as {
    complete: boolean
    entities: { table: string; problem?: string; counts: { created: number } }[]
  }
  expect(told.complete).toBe(false)
  expect(told.entities.filter(({ problem }) => problem !== undefined)).toEqual([
    expect.objectContaining({
      table: 'roles',
      problem: 'Clerk answered 404 to /organization_roles',
    }),
  ])
  const memberships = told.entities.find(({ table }) => table === 'organization_memberships')
  expect(memberships?.counts.created).toBe(3)
  const text = await scene.run(backfill, { CLERK_API_URL: `${api}/v1` })
  expect(text.stdout).toContain('not read to its end: Clerk answered 404 to /organization_roles')
})

test('--refill fills a field that the worker keeps since, and a backfill without it says so', async () => {
  const scene = await createScene({ now: () => Date.now() - 3_600_000 })
  scene.fake.world.createUser({ private_metadata: { plan: 'gold' } })
  await scene.run(backfill)
  await scene.query(`
    INSERT INTO clerk.deployment (id, settings, unfilled)
    VALUES (1, '{"deletionPolicy": "erase", "choice": {"entities": ["users"],
      "fields": ["users.private_metadata"]}}', '{users.private_metadata}')
    ON CONFLICT (id) DO UPDATE SET settings = EXCLUDED.settings, unfilled = EXCLUDED.unfilled`)
  const hint = '"clerk-sync backfill --refill --entities users" fills it in'
  expect((await scene.run(backfill)).stderr).toContain(hint)
  const filled = await scene.run([...backfill, '--refill'])
  expect(filled.stdout).toMatch(/users +0 +1 +0 +0 +0/)
  expect(await scene.query('SELECT private_metadata FROM clerk.users')).toEqual([
    { private_metadata: { plan: 'gold' } },
  ])
  expect((await scene.run(backfill)).stderr).not.toContain('--refill')
})

test('a field that can not be read is said once, and its objects are written', async () => {
  const scene = await createScene({ generatedUsers: 3 })
  for (const first_name of [7, ['Ada']]) scene.fake.world.createUser({ first_name })
  const { code, stdout, stderr } = await scene.run(backfill)
  expect(code).toBe(0)
  expect(stderr.match(/users: first_name can't be read in some objects/g)).toHaveLength(1)
  expect(stdout).toMatch(/users +5 +0 +0 +0 +0/)
})

test('says when Clerk asks to wait, and goes on', async () => {
  const scene = await createScene({ generatedUsers: 3 })
  scene.fake.faults.add({ path: '/v1/users', times: 1, cut: 'before' })
  const { code, stderr } = await scene.run(backfill)
  expect(code).toBe(0)
  expect(stderr).toMatch(/\/users: .+; again in 0\.\d s/)
  expect(await countUsers(scene)).toBe(3)
})
