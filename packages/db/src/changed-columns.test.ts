import { everything, selectKept } from '@clerk-sync/events'
import type { EntityRow } from '@clerk-sync/events'
import { expect, test } from 'vitest'
import { changedColumns } from './changed-columns.ts'

const [user] = selectKept(everything).entities
if (!user) throw new Error('there is no user')

const rowOf = (row: EntityRow['row'], addresses: EntityRow['row'][] = []): EntityRow => ({
  row,
  children: { email_addresses: addresses },
})
const changed = (after: EntityRow, before?: EntityRow) => changedColumns(user, after, before)

test('of a new row every column and child table that holds anything has changed', () => {
  const created = rowOf({ first_name: 'Ada', last_name: null, banned: false }, [{ id: 'idn_1' }])
  expect(changed(created)).toEqual(['first_name', 'banned', 'email_addresses'])
  expect(changed(rowOf({ first_name: null }))).toEqual([])
})

test('of a known row the columns that differ', () => {
  const before = rowOf({ first_name: 'Ada', last_name: 'Byron', username: 'ada' })
  const after = rowOf({ first_name: 'Ada', last_name: 'Lovelace', username: null })
  expect(changed(after, before)).toEqual(['username', 'last_name'])
  expect(changed(before, before)).toEqual([])
})

test('a time is the same in whatever way it is written', () => {
  const before = rowOf({ created_at: '2026-01-01T12:00:00+00:00' })
  expect(changed(rowOf({ created_at: '2026-01-01T12:00:00.000Z' }), before)).toEqual([])
  expect(changed(rowOf({ created_at: '2026-01-01T12:00:00.001Z' }), before)).toEqual(['created_at'])
})

test('metadata is the same in whatever order its keys stand', () => {
  const before = rowOf({ public_metadata: { a: 1, b: [1, { c: null }] } })
  expect(changed(rowOf({ public_metadata: { b: [1, { c: null }], a: 1 } }), before)).toEqual([])
  expect(changed(rowOf({ public_metadata: { b: [{ c: null }, 1], a: 1 } }), before)).toEqual([
    'public_metadata',
  ])
})

test('a child table has changed when a row came, went or differs, not when the order does', () => {
  const [one, two] = [
    { id: 'idn_1', email_address: 'a@example.com', verified: true, is_primary: true },
    { id: 'idn_2', email_address: 'b@example.com', verified: false, is_primary: false },
  ]
  const before = rowOf({}, [one, { ...two, user_id: 'user_1' }])
  expect(changed(rowOf({}, [two, one]), before)).toEqual([])
  for (const addresses of [[one], [one, two, { id: 'idn_3' }], [one, { ...two, verified: true }]]) {
    expect(changed(rowOf({}, addresses), before)).toEqual(['email_addresses'])
  }
})

test('what is left out never counts as changed', () => {
  const [byDefault] = selectKept().entities
  if (!byDefault) throw new Error('there is no user')
  const after = { row: { private_metadata: null }, children: {} }
  const before = { row: { private_metadata: null }, children: { phone_numbers: [{ id: 'idn_1' }] } }
  expect(changedColumns(byDefault, after, before)).toEqual([])
})
