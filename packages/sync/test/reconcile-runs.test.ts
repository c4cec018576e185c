import { expect, test } from 'vitest'
import { driftOf } from '../src/index.ts'
import { driftIn } from './drift.ts'
import { createScene } from './scene.ts'

test('only one runs at a time, and one that was stopped leaves the way free', async () => {
  const scene = await createScene({ generatedUsers: 1_200 })
  const other = scene.openDatabase()
  const stopping = new AbortController()
  let second: unknown
  scene.fake.faults.beforeAnswer('/v1/users', async ({ page }) => {
    if (page !== 2) return
    second = await scene.reconcile({ db: other }).catch((error: unknown) => error)
    stopping.abort()
  })
  await expect(scene.reconcile({ signal: stopping.signal })).rejects.toMatchObject({
    name: 'AbortError',
  })
  expect(second).toMatchObject({ code: 'ERR_RECONCILE_BUSY' })
  expect(driftOf(await scene.reconcile({ db: other }))).toBe(1_200)
  expect(await scene.query('SELECT * FROM clerk.reconcile_items')).toEqual([])
})

test('what a run that died has noted is removed by the next one', async () => {
  const scene = await createScene({ generatedUsers: 10 })
  await scene.query(
    `INSERT INTO clerk.reconcile_runs (id, repair, alive_at) VALUES ('dead', false, now() - interval '3 min')`,
  )
  await scene.query(
    `INSERT INTO clerk.reconcile_items (run_id, entity, id) SELECT 'dead', 'user', n FROM generate_series(1, 60000) AS n`,
  )
  expect(driftIn(await scene.reconcile())).toEqual(['users missing: 10'])
  expect(await scene.query('SELECT * FROM clerk.reconcile_items')).toEqual([])
})

test('a crash of the database that loses what was noted ends the run', async () => {
  const scene = await createScene({ generatedUsers: 1_200 })
  await scene.backfill()
  scene.fake.faults.beforeAnswer('/v1/users', async ({ page }) => {
    if (page === 2) await scene.query('TRUNCATE clerk.reconcile_items')
  })
  await expect(scene.reconcile()).rejects.toThrow(
    'the database has lost what this comparison noted',
  )
})
