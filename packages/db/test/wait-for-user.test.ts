import { describe, expect, test } from 'vitest'
import { DatabaseUnavailableError, waitForUser } from '../src/index.ts'
import { freshId, noon, remove, upsert } from './build-change.ts'
import { failureOf, unreachableDatabase } from './just-in-time-scene.ts'
import { useTables } from './tables.ts'

const tables = await useTables()
const [db] = tables.writers

describe('waitForUser', () => {
  test('resolves within a moment of the write', async () => {
    const id = freshId()
    const waiting = waitForUser(db, id)
    await tables.apply(upsert(id, { data: { first_name: 'Ada' } }))
    const writtenAt = performance.now()
    expect(await waiting).toMatchObject({ id, first_name: 'Ada' })
    expect(performance.now() - writtenAt).toBeLessThan(1_000)
  })

  test.each([
    ['a Date', new Date(noon + 1)],
    ['milliseconds', noon + 1],
  ])('waits for a row as new as %s', async (_, updatedAt) => {
    const id = freshId()
    await tables.apply(upsert(id, { updatedAt: noon }))
    expect(await waitForUser(db, id, { updatedAt, timeoutMs: 0 })).toBeUndefined()
    const waiting = waitForUser(db, id, { updatedAt })
    await tables.apply(upsert(id, { updatedAt: noon + 1 }))
    expect(await waiting).toMatchObject({ updated_at: new Date(noon + 1) })
    expect(await waitForUser(db, id, { updatedAt, timeoutMs: 0 })).toMatchObject({ id })
  })

  test('ends after its time with nothing', async () => {
    const startedAt = performance.now()
    expect(await waitForUser(db, freshId(), { timeoutMs: 200 })).toBeUndefined()
    const tookMs = performance.now() - startedAt
    expect(tookMs).toBeGreaterThanOrEqual(199)
    expect(tookMs).toBeLessThan(2_000)
  })

  test('stops when the user is deleted while it waits', async () => {
    const id = freshId()
    const waiting = waitForUser(db, id, { timeoutMs: 600_000 })
    await tables.apply(remove(id))
    expect(await waiting).toBeUndefined()
  })

  test('ends with the reason of the signal, before it begins and while it waits', async () => {
    const reason = new Error('the request is gone')
    const controller = new AbortController()
    const options = { signal: controller.signal, timeoutMs: 600_000 }
    const waiting = failureOf(waitForUser(db, freshId(), options))
    await db.ping()
    controller.abort(reason)
    expect(await waiting).toBe(reason)
    expect(await failureOf(waitForUser(db, freshId(), options))).toBe(reason)
  })

  test('an error of the database ends it', async () => {
    const error = await failureOf(waitForUser(unreachableDatabase(), freshId()))
    expect(error).toBeInstanceOf(DatabaseUnavailableError)
  })
})
