import { expect, test } from 'vitest'
import { freshId, noon, nothing, remove, upsert } from '../test/build-change.ts'
import type { Change } from './change.ts'
import { decide, entityKey } from './decide.ts'
import type { Known } from './decide.ts'
import { versionOf } from './version.ts'

const unknown: Known = { events: new Set(), tombstones: new Set(), versions: new Map() }

/** What the database holds once these changes are in it. */
function after(...changes: Change[]): Known {
  const { upserts, deletes } = decide(changes, unknown)
  return {
    events: new Set(changes.map((change) => change.event.id)),
    tombstones: new Set(deletes.map(({ entity, id }) => entityKey(entity, id))),
    versions: new Map(
      upserts.map((change) => [entityKey(change.entity, change.id), versionOf(change)]),
    ),
  }
}

const id = freshId()

test('an entity that nobody knows is applied', () => {
  const created = upsert(id)
  expect(decide([created], unknown)).toEqual({
    outcomes: ['applied'],
    upserts: [created],
    deletes: [],
  })
})

const [older, newer] = [upsert(id, { updatedAt: noon }), upsert(id, { updatedAt: noon + 1 })]

test('a newer change wins over the row, an older one is stale', () => {
  expect(decide([newer], after(older))).toMatchObject({ outcomes: ['applied'], upserts: [newer] })
  expect(decide([older], after(newer))).toMatchObject({ outcomes: ['stale'], upserts: [] })
})

test('the newer of two in one batch is written alone, in either order', () => {
  expect(decide([older, newer], unknown)).toMatchObject({
    outcomes: ['applied', 'applied'],
    upserts: [newer],
  })
  expect(decide([newer, older], unknown)).toMatchObject({
    outcomes: ['applied', 'stale'],
    upserts: [newer],
  })
})

test('of two with one updated_at the later event wins', () => {
  const early = upsert(id, { updatedAt: noon, occurredAt: noon + 1, svixId: 'msg_b' })
  const late = upsert(id, { updatedAt: noon, occurredAt: noon + 2, svixId: 'msg_a' })
  expect(decide([late], after(early)).outcomes).toEqual(['applied'])
  expect(decide([early], after(late)).outcomes).toEqual(['stale'])
  expect(decide([late, early], unknown).upserts).toEqual([late])
})

test('updated_at counts before the time of the event', () => {
  const delayed = upsert(id, { updatedAt: noon, occurredAt: noon + 9 })
  const changed = upsert(id, { updatedAt: noon + 1, occurredAt: noon + 5 })
  expect(decide([changed, delayed], unknown)).toMatchObject({
    outcomes: ['applied', 'stale'],
    upserts: [changed],
  })
})

test('of two at one moment the greater svix-id wins', () => {
  const lower = upsert(id, { svixId: 'msg_A' })
  const greater = upsert(id, { svixId: 'msg_a' })
  expect(decide([greater], after(lower)).outcomes).toEqual(['applied'])
  expect(decide([lower], after(greater)).outcomes).toEqual(['stale'])
  expect(decide([lower, greater], unknown).upserts).toEqual([greater])
  expect(decide([greater, lower], unknown).upserts).toEqual([greater])
})

test('a row of the same version is left alone, also when the ledger has forgotten the event', () => {
  const { versions } = after(older)
  expect(decide([older], { ...unknown, versions }).outcomes).toEqual(['stale'])
})

test('a delete wins over a row of any version', () => {
  const deleted = remove(id, { occurredAt: noon - 1_000 })
  expect(decide([deleted], after(newer))).toEqual({
    outcomes: ['deleted'],
    upserts: [],
    deletes: [deleted],
  })
})

test('after a delete every change is stale, however new', () => {
  const late = upsert(id, { updatedAt: noon + 1_000_000 })
  expect(decide([late], after(remove(id)))).toMatchObject({ outcomes: ['stale'], upserts: [] })
})

test('an update before a delete in one batch is not written, one after it is stale', () => {
  const deleted = remove(id)
  expect(decide([older, deleted, newer], unknown)).toEqual({
    outcomes: ['applied', 'deleted', 'stale'],
    upserts: [],
    deletes: [deleted],
  })
})

test('a second delete is stale and goes on to the tombstone, which may owe it an earlier time', () => {
  const [second, first] = [
    remove(id, { occurredAt: noon }),
    remove(id, { occurredAt: noon - 1_000 }),
  ]
  expect(decide([first], after(second))).toMatchObject({ outcomes: ['stale'], deletes: [first] })
})

test('of two deletes in one batch the earlier time is kept, in either order', () => {
  const early = remove(id, { occurredAt: noon - 1_000 })
  const late = remove(id, { occurredAt: noon })
  for (const batch of [
    [early, late],
    [late, early],
  ]) {
    expect(decide(batch, unknown)).toMatchObject({
      outcomes: ['deleted', 'stale'],
      deletes: [early],
    })
  }
})

test('an event that the ledger has is a duplicate and does nothing', () => {
  const deleted = remove(id)
  expect(decide([deleted], after(deleted))).toEqual({
    outcomes: ['duplicate'],
    upserts: [],
    deletes: [],
  })
})

test('the second copy of an event in one batch is a duplicate', () => {
  const ignored = nothing()
  expect(decide([newer, newer, ignored, ignored], unknown).outcomes).toEqual([
    'applied',
    'duplicate',
    'ignored',
    'duplicate',
  ])
})

test('entities of two kinds with one id have nothing to do with each other', () => {
  const changes = [
    remove('same', { type: 'organization.deleted' }),
    upsert('same'),
    upsert('same', { type: 'organization.updated' }),
  ]
  expect(decide(changes, unknown).outcomes).toEqual(['deleted', 'applied', 'stale'])
})
