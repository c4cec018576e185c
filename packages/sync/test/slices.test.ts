import { expect, test } from 'vitest'
import { reconcileSlice } from '../src/index.ts'
import type { SliceOptions, SliceResult } from '../src/index.ts'
import { invent } from './drift.ts'
import { createScene } from './scene.ts'
import type { Scene } from './scene.ts'

/** A scene with users of Clerk of which the tables lack some and have others too many. */
async function createDrift(generatedUsers: number): Promise<Scene> {
  const scene = await createScene({ generatedUsers })
  await scene.backfill()
  await scene.query(`DELETE FROM clerk.users WHERE id IN (
    SELECT id FROM clerk.users ORDER BY id LIMIT ${generatedUsers / 2})`)
  await invent(scene, 'users', 1)
  return scene
}

const sliceOf = ({ db, openApi, entities }: Scene, more: Partial<SliceOptions> = {}) =>
  reconcileSlice({
    db,
    api: openApi(),
    entities,
    rules: { deletionPolicy: 'erase', auditValues: false },
    repair: { maxDeletes: { rows: 10 } },
    onProgress: () => undefined,
    signal: new AbortController().signal,
    endsAt: Date.now() + 60_000,
    ...more,
  })

const counted = async (scene: Scene) =>
  (await scene.query<{ users: number }>('SELECT count(*)::int AS users FROM clerk.users'))[0]?.users

test('slices that are stopped anywhere repair what one run repairs', async () => {
  const scene = await createDrift(1_200)
  let result: SliceResult = { isFinished: false, found: [] }
  let slices = 0
  for (; slices < 60 && !result.isFinished; slices += 1) {
    const stop = new AbortController()
    let requests = 0
    const api = scene.openApi()
    const ending = slices
    result = await sliceOf(scene, {
      signal: stop.signal,
      api: {
        ...api,
        get(...request) {
          // Each slice is stopped in the middle of one request later than the one before it.
          if (requests++ > ending) setImmediate(() => stop.abort())
          return api.get(...request)
        },
      },
    })
  }
  expect(slices).toBeGreaterThan(4)
  expect(result.found.find(({ table }) => table === 'users')).toMatchObject({
    seen: 1_200,
    repaired: 601,
    unread: 0,
    drift: { missing: 0, stale: 0, extra: 0, resurrected: 0 },
  })
  expect(await counted(scene)).toBe(1_200)
})

test('a slice that ends in time goes on in the next one, and nothing else may run beside it', async () => {
  const scene = await createDrift(20)
  expect(await sliceOf(scene, { endsAt: Date.now() })).toEqual({ isFinished: false, found: [] })
  const stop = new AbortController()
  const begun = Promise.withResolvers<void>()
  const first = sliceOf(scene, { signal: stop.signal, onProgress: () => begun.resolve() })
  await begun.promise
  const second = sliceOf(scene)
  await expect(second).rejects.toThrow('a reconcile is under way already')
  stop.abort()
  await first
  expect((await sliceOf(scene)).isFinished).toBe(true)
  expect(await counted(scene)).toBe(20)
})

test('after another reconcile a slice begins anew', async () => {
  const scene = await createDrift(20)
  const stop = new AbortController()
  const stopped = await sliceOf(scene, { signal: stop.signal, onProgress: () => stop.abort() })
  expect(stopped.isFinished).toBe(false)
  await scene.reconcile()
  const { isFinished, found } = await sliceOf(scene)
  expect(isFinished).toBe(true)
  expect(found.find(({ table }) => table === 'users')).toMatchObject({ seen: 20, repaired: 11 })
})
