import { expect, test } from 'vitest'
import { generatedId, indexInId } from './generated-id.ts'

const createdAt = Date.UTC(2025, 5, 1)

test('an id looks like one of Clerk and tells its index', () => {
  for (const index of [0, 1, 2, 61, 62, 999_999, 2 ** 31, 2 ** 32 - 1]) {
    const id = generatedId('user', index, createdAt)
    expect(id).toMatch(/^user_[0-9A-Za-z]{27}$/)
    expect(indexInId('user', id)).toBe(index)
  }
})

test('ids of later seconds sort behind earlier ones, as KSUIDs do', () => {
  const ids = [0, 1, 2, 3].map((index) => generatedId('org', index, createdAt + index * 1000))
  expect(ids.toSorted()).toEqual(ids)
})

test('ids of another kind or form tell nothing', () => {
  const id = generatedId('user', 7, createdAt)
  expect(indexInId('org', id)).toBeUndefined()
  expect(indexInId('user', `${id}x`)).toBeUndefined()
  expect(indexInId('user', id.replace(/.$/, '-'))).toBeUndefined()
})
