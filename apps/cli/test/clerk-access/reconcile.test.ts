import { expect, test } from 'vitest'
import { createScene, holdPage, startCommand } from './scene.ts'
import type { Scene } from './scene.ts'

const reconcile = ['reconcile', '--rate', '0']

async function createFilled(generatedUsers: number): Promise<Scene> {
  const scene = await createScene({ generatedUsers, generatedOrganizations: 3 })
  await scene.run(['backfill', '--rate', '0'])
  return scene
}

/** Loses one user, ages one, and adds one that Clerk does not have, as trigger does. Returns the ids, in order. */
async function injectDrift({ query }: Scene): Promise<string[]> {
  const rows = await query<{ id: string }>('SELECT id FROM clerk.users ORDER BY id LIMIT 2')
  const [missing = '', stale = ''] = rows.map(({ id }) => id)
  await query(`DELETE FROM clerk.users WHERE id = '${missing}'`)
  await query(`UPDATE clerk.users SET updated_at = '2020-01-01' WHERE id = '${stale}'`)
  await query(
    `INSERT INTO clerk.users (id, created_at, updated_at, event_occurred_at, event_id, synced_at)
     VALUES ('user_extra', '2020-01-01', '2020-01-01', '2020-01-01', 'msg_${'4f'.repeat(20)}', now())`,
  )
  return [missing, stale, 'user_extra']
}

test('--help says what it finds, and what the exit codes mean', async () => {
  const { code, stdout } = await startCommand(['reconcile', '--help'], {}).ended
  expect(code).toBe(0)
  for (const said of ['missing', 'stale', 'extra', 'resurrected', '--max-deletes', 'Exit code']) {
    expect(stdout).toContain(said)
  }
})

test('without drift it says so and ends with 0', async () => {
  const scene = await createFilled(20)
  const { code, stdout } = await scene.run(reconcile)
  expect(code).toBe(0)
  const lines = stdout.split('\n')
  expect(lines[0]).toMatch(/in Clerk +missing +stale +extra +resurrected +repaired$/)
  expect(lines[1]).toMatch(/^users +20 +0 +0 +0 +0 +0$/)
  expect(lines.at(-2)).toBe('no drift')
})

test('drift is shown with its ids and ends with 3; --repair writes it and ends with 0', async () => {
  const scene = await createFilled(200)
  const [missing, stale, extra] = await injectDrift(scene)
  const { code, stdout } = await scene.run(reconcile)
  expect(code).toBe(3)
  expect(stdout).toMatch(/users +200 +1 +1 +1 +0 +0\n/)
  expect(stdout).toContain(
    `users, missing: ${missing}\nusers, stale: ${stale}\nusers, extra: ${extra}`,
  )
  expect(stdout).toMatch(
    /\nusers, extra: 1 is a sample of "clerk-sync trigger", which Clerk has never had; --repair deletes it\n/,
  )
  expect(stdout).toMatch(/drift: 3\n$/)

  const repair = await scene.run([...reconcile, '--repair'])
  expect(repair.code).toBe(0)
  expect(repair.stdout).toMatch(/users +200 +0 +0 +0 +0 +3\n/)
  expect(await scene.query(`SELECT id FROM clerk.tombstones`)).toEqual([{ id: extra }])
})

test('--max-deletes stops a repair that would delete more, with 3', async () => {
  const scene = await createFilled(200)
  await injectDrift(scene)
  const { code, stdout } = await scene.run([...reconcile, '--repair', '--max-deletes', '0'])
  expect(code).toBe(3)
  expect(stdout).toContain('not repaired: more than 0 rows to delete')
  expect(stdout).toMatch(/drift: 3\n$/)
  const wrong = await scene.run([...reconcile, '--max-deletes', '101%'])
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toContain('It must be a number of rows or a share, as in 2%.')
})

test('--json gives the same to machines, on stdout alone', async () => {
  const scene = await createFilled(20)
  const [missing, stale, extra] = await injectDrift(scene)
  const { code, stdout } = await scene.run([...reconcile, '--json', '--entities', 'users'])
  expect(code).toBe(3)
  expect(JSON.parse(stdout)).toEqual({
    drift: 3,
    complete: true,
    entities: [
      {
        entity: 'user',
        table: 'users',
        seen: 20,
        drift: { missing: 1, stale: 1, extra: 1, resurrected: 0 },
        ids: { missing: [missing], stale: [stale], extra: [extra], resurrected: [] },
        repaired: 0,
        unread: 0,
        refused: 0,
        reasons: [],
      },
    ],
  })
})

test('what could not be compared, and a repair that was refused, end it with 1, in text and JSON', async () => {
  const scene = await createFilled(20)
  scene.fake.world.createUser({ updated_at: null })
  const [lost] = await scene.query<{ id: string }>('SELECT id FROM clerk.users ORDER BY id LIMIT 1')
  await scene.query(`DELETE FROM clerk.users WHERE id = '${lost?.id}'`)
  await scene.query(
    `ALTER TABLE clerk.users ADD CONSTRAINT no_such CHECK (id <> '${lost?.id}') NOT VALID`,
  )
  const { code, stdout } = await scene.run([...reconcile, '--repair'])
  expect(code).toBe(1)
  expect(stdout).toContain('1 could not be read; 1 repairs were refused')
  expect(stdout).toContain(`${lost?.id}: the database refused the statement: SQLSTATE 23514`)
  expect(stdout).toMatch(/not everything could be compared and repaired; drift: 1,.*\n$/)
  const json = await scene.run([...reconcile, '--json', '--entities', 'users'])
  expect(json.code).toBe(1)
  expect(JSON.parse(json.stdout)).toMatchObject({
    complete: false,
    drift: 1,
    entities: [{ unread: 1, reasons: [expect.stringContaining('updated_at')] }],
  })
})

test('Ctrl-C ends it with 130, and the next run starts at once', async () => {
  const scene = await createFilled(1_200)
  const held = holdPage(scene, '/v1/users', 2)
  const stopped = scene.start(reconcile)
  await held.reached
  stopped.kill('SIGINT')
  const { code, stdout } = await stopped.ended
  held.letGo()
  expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
  expect((await scene.run(reconcile)).code).toBe(0)
})

test('a wrong key, and another run under way, end it with 1', async () => {
  const scene = await createFilled(20)
  const wrong = await scene.run(reconcile, { CLERK_SECRET_KEY: 'sk_test_wrong' })
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toContain('Clerk refused the secret key')
  const held = holdPage(scene, '/v1/users', 1)
  const first = scene.start(reconcile)
  await held.reached
  const second = await scene.run(reconcile)
  expect(second.code).toBe(1)
  expect(second.stderr).toContain('a reconcile is under way already')
  held.letGo()
  expect((await first.ended).code).toBe(0)
})
