import { expect, test } from 'vitest'
import { createScene } from './scene.ts'

const reconcile = ['reconcile', '--rate', '0', '--repair', '--max-deletes', '9']

test('a repair keeps to the DELETION_POLICY of the worker, and refuses another one', async () => {
  const scene = await createScene({ generatedUsers: 20 })
  await scene.query(`
    INSERT INTO clerk.deployment (id, settings)
    VALUES (1, '{"deletionPolicy": "retain", "choice": {"entities": ["users"], "fields": []}}')`)
  await scene.run(['backfill', '--rate', '0'])
  await scene.query(
    `INSERT INTO clerk.users (id, created_at, updated_at, event_occurred_at, event_id, synced_at)
     VALUES ('user_extra', '2020-01-01', '2020-01-01', '2020-01-01', '', now())`,
  )
  const refused = await scene.run(reconcile, { DELETION_POLICY: 'erase' })
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("DELETION_POLICY differs from the worker's"),
  })
  const other = await scene.run(reconcile, { SYNC_ENTITIES: 'users,roles' })
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('SYNC_ENTITIES') })

  expect((await scene.run(reconcile)).code).toBe(0)
  const [row] = await scene.query<{ deleted_at: Date | null }>(
    `SELECT deleted_at FROM clerk.users WHERE id = 'user_extra'`,
  )
  expect(row?.deleted_at).toBeInstanceOf(Date)
})

test('the key of another instance than that of the tables reads and writes nothing', async () => {
  const scene = await createScene({ generatedUsers: 20 })
  const other = await scene.run(['backfill', '--rate', '0'], { CLERK_INSTANCE_ID: 'ins_other' })
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('ins_other') })
  expect(await scene.query('SELECT id FROM clerk.users')).toEqual([])

  expect((await scene.run(['backfill', '--rate', '0'])).code).toBe(0)
  await scene.query(`UPDATE clerk.deployment SET instance_id = 'ins_before'`)
  const later = await scene.run(reconcile)
  expect(later).toMatchObject({ code: 1, stderr: expect.stringContaining('ins_before') })
})
