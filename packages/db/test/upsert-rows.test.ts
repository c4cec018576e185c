import { expect, test } from 'vitest'
import { upsertRows } from '../src/statements.ts'
import { freshId, noon, upsert } from './build-change.ts'
import type { Given } from './build-change.ts'
import { useTables } from './tables.ts'

const tables = await useTables()

/** What the statement alone says, without the decision that comes before it. */
async function writes(id: string, given: Given): Promise<boolean> {
  const change = upsert(id, given)
  const [db] = tables.writers
  const written = await db.transaction((tx) =>
    upsertRows(tx, change.entity, [{ ...change, deletedAt: null }]),
  )
  return written.has(id)
}

const middle = { updatedAt: noon, occurredAt: noon + 10, svixId: 'msg_m' }

test.each([
  ['a greater updated_at', true, { ...middle, updatedAt: noon + 1, occurredAt: noon }],
  ['a smaller updated_at', false, { ...middle, updatedAt: noon - 1, occurredAt: noon + 20 }],
  ['the same updated_at and a later event', true, { ...middle, occurredAt: noon + 11 }],
  ['the same updated_at and an earlier event', false, { ...middle, occurredAt: noon + 9 }],
  ['the same times and a greater svix-id', true, { ...middle, svixId: 'msg_n' }],
  ['the same times and a smaller svix-id', false, { ...middle, svixId: 'msg_M' }],
  ['the very same version', false, middle],
])('the statement on its own compares the whole version: %s', async (_, expected, given) => {
  const id = freshId()
  expect(await writes(id, middle)).toBe(true)
  expect(await writes(id, given)).toBe(expected)
  const [row] = await tables.query<{ event_id: string }>(
    `SELECT event_id FROM clerk.users WHERE id = '${id}'`,
  )
  expect(row?.event_id).toBe(expected ? given.svixId : middle.svixId)
})
