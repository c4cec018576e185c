import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  beginReconcile,
  finishReconcile,
  keepAlive,
  readLastReconcile,
} from '../src/statements/reconcile-runs.ts'
import {
  finishBackfill,
  readBackfill,
  saveBackfill,
  startBackfill,
} from '../src/statements/backfills.ts'
import {
  beginBackfill,
  canResumeBackfill,
  endBackfill,
  readUnderWay,
} from '../src/statements/under-way.ts'
import { holdRequests, takeRequest } from '../src/shared-rate-limiter.ts'
import { createTables } from '@clerk-sync/db/testing'
import type { Tables } from '@clerk-sync/db/testing'

let tables: Tables
beforeAll(async () => {
  tables = await createTables()
})
afterAll(() => tables.close())

test('a backfill is known from its start to its end, and forgotten by the next', async () => {
  const [db] = tables.writers
  expect(await readBackfill(db, 'user')).toBeUndefined()
  await startBackfill(db, ['user', 'role'], true)
  expect(await readBackfill(db, 'user')).toEqual({
    position: null,
    counts: {},
    isFinished: false,
    refill: true,
  })
  await saveBackfill(db, 'user', { position: { after: 'user_1' }, counts: { created: 1 } })
  await finishBackfill(db, { name: 'user', table: 'users' }, { created: 2 })
  expect(await readBackfill(db, 'user')).toEqual({
    position: { after: 'user_1' },
    counts: { created: 2 },
    isFinished: true,
    refill: true,
  })
  expect(await readBackfill(db, 'role')).toMatchObject({ isFinished: false })
  await startBackfill(db, ['user'], false)
  expect(await readBackfill(db, 'user')).toEqual({
    position: null,
    counts: {},
    isFinished: false,
    refill: false,
  })
})

test('of two that begin to reconcile at once one is told of the other', async () => {
  const [one, other] = tables.writers
  const begun = await Promise.all([
    beginReconcile(one, { id: 'one', repair: false, startedBy: 'one' }),
    beginReconcile(other, { id: 'other', repair: false, startedBy: 'other' }),
  ])
  const [busy, ...others] = begun.flatMap((result) => result.busy ?? [])
  expect(others).toEqual([])
  expect(await readUnderWay(one)).toEqual([busy])
  const running = busy?.startedBy ?? ''
  await keepAlive(one, running)
  await finishReconcile(one, running, [{ table: 'users' }])
  expect(await readLastReconcile(other)).toMatchObject({ drift: [{ table: 'users' }] })
})

test('of two backfills one begins, and one that crashed does not stand in the way for long', async () => {
  const [one, other] = tables.writers
  expect(await beginBackfill(one, { id: 'one', startedBy: 'one' })).toBeUndefined()
  expect(await beginBackfill(one, { id: 'one', startedBy: 'one' })).toBeUndefined()
  const busy = { kind: 'backfill', startedBy: 'one', startedAt: expect.any(Date) }
  expect(await beginBackfill(other, { id: 'other', startedBy: 'other' })).toEqual(busy)
  await one.query('UPDATE clerk.backfill_runs SET pid = 999999999')
  expect(await readUnderWay(one)).toEqual([])
  await one.query(`UPDATE clerk.backfill_runs SET host = 'another'`)
  expect(await readUnderWay(one)).toHaveLength(1)
  await one.query(`UPDATE clerk.backfill_runs SET alive_at = now() - interval '31 s'`)
  expect(await readUnderWay(one)).toEqual([])
  expect(await beginBackfill(other, { id: 'other', startedBy: 'other' })).toBeUndefined()
  expect(await canResumeBackfill(one)).toBe(false)
  await endBackfill(other, { id: 'other', isComplete: false })
  expect(await readUnderWay(one)).toEqual([])
  expect(await canResumeBackfill(one)).toBe(true)
  await endBackfill(other, { id: 'other', isComplete: true })
  expect(await canResumeBackfill(one)).toBe(false)
})

test('the last run that reports is the last that was not broken off', async () => {
  const [db] = tables.writers
  await beginReconcile(db, { id: 'good', repair: true, startedBy: 'somebody' })
  await finishReconcile(db, 'good', [])
  await beginReconcile(db, { id: 'broken', repair: true, startedBy: 'somebody' })
  await finishReconcile(db, 'broken')
  expect(await readLastReconcile(db)).toMatchObject({
    drift: [],
    repair: true,
    startedBy: 'somebody',
    failedAt: expect.any(Date),
  })
})

test('leave for a request is given when it is due, and never while all are held', async () => {
  const [one, other] = tables.writers
  const timing = { intervalMs: 60_000, burstMs: 0 }
  expect(await takeRequest(one, timing)).toBe(0)
  const waitMs = await takeRequest(other, timing)
  expect(waitMs).toBeGreaterThan(30_000)
  expect(waitMs).toBeLessThanOrEqual(60_000)
  await holdRequests(one, 200_000)
  await holdRequests(one, 1_000)
  expect(await takeRequest(other, timing)).toBeGreaterThan(150_000)
})
