import { expect, test } from 'vitest'
import { changeFromApi, changeFromEvent } from './change.ts'
import { user as userEntity } from './entities/user.ts'
import { everything, selectKept } from './entities/kept.ts'

const kept = selectKept(everything)
const noon = Date.UTC(2026, 0, 1, 12)
const day = 24 * 60 * 60_000

function unreadableIn(updatedAt: number, { occurredAt = noon } = {}) {
  const change = changeFromEvent(kept, {
    svixId: 'msg_1',
    type: 'user.updated',
    occurredAt,
    receivedAt: noon + 1_000,
    entityId: 'user_1',
    userId: 'user_1',
    data: { id: 'user_1', updated_at: updatedAt },
  })
  return change.kind === 'upsert' ? change.unreadable : undefined
}

test('an updated_at of more than a day after its event is named', () => {
  expect(unreadableIn(noon)).toEqual([])
  expect(unreadableIn(noon + day)).toEqual([])
  expect(unreadableIn(noon + day + 1)).toEqual(['updated_at'])
})

test('an event whose own time is in the future hides no updated_at in the future', () => {
  const occurredAt = noon + 40 * day
  expect(unreadableIn(occurredAt, { occurredAt })).toEqual(['updated_at'])
})

test("an updated_at in the future in Clerk's API is named", () => {
  const read = (updatedAt: number) =>
    changeFromApi(userEntity, { id: 'user_1', updated_at: updatedAt })
  expect(read(Date.now())).toMatchObject({ kind: 'upsert', unreadable: [] })
  expect(read(Date.now() + 2 * day)).toMatchObject({ unreadable: ['updated_at'] })
})
