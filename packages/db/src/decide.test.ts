import { expect, test } from 'vitest'
import { freshId, noon, nothing, remove, unreadable, upsert } from '../test/build-change.ts'
import type { EventChange as Change } from '@clerk-sync/events'
import { decide, entityKey } from './decide.ts'
import { versionOf } from './version.ts'
import type { ExistingState } from './decide.ts'
import { deletionPolicies } from './deletion-policy.ts'
import type { DeletionPolicy } from './deletion-policy.ts'

const unknown: ExistingState = {
  events: new Set(),
  tombstones: new Map(),
  rows: new Map(),
  children: new Map(),
  holders: new Map(),
}

/** What the database holds once these changes are in it. */
function after(...changes: Change[]): ExistingState {
  const { writes, tombstones } = decide(changes, unknown, 'erase')
  return {
    ...unknown,
    events: new Set(changes.map((change) => change.event.id)),
    tombstones,
    rows: new Map(
      writes.map((write) => [
        entityKey(write.entity, write.id),
        { version: versionOf(write), value: write.value },
      ]),
    ),
  }
}

/** The decision in short: outcomes or errors, and the events whose rows are written. */
function decided(changes: Change[], known = unknown, policy: DeletionPolicy = 'erase') {
  const { verdicts, writes, deletions } = decide(changes, known, policy)
  return {
    outcomes: verdicts.map((one) => (one instanceof Error ? one.message : one.outcome)),
    written: writes.map(({ event }) => event?.id),
    deleted: deletions.map((one) => [one.id, one.tombstoneAt]),
  }
}

const written = (...changes: Change[]) => changes.map(({ event }) => event.id)

const id = freshId()

test('an entity that nobody knows is applied', () => {
  const created = upsert(id)
  expect(decided([created])).toEqual({
    outcomes: ['applied'],
    written: written(created),
    deleted: [],
  })
})

const [older, newer] = [upsert(id, { updatedAt: noon }), upsert(id, { updatedAt: noon + 1 })]

test('a newer change wins over the row, an older one is stale', () => {
  expect(decided([newer], after(older))).toMatchObject({
    outcomes: ['applied'],
    written: written(newer),
  })
  expect(decided([older], after(newer))).toMatchObject({ outcomes: ['stale'], written: [] })
})

test('the newer of two in one batch is written alone, in either order', () => {
  const alone = written(newer)
  expect(decided([older, newer])).toMatchObject({
    outcomes: ['applied', 'applied'],
    written: alone,
  })
  expect(decided([newer, older])).toMatchObject({ outcomes: ['applied', 'stale'], written: alone })
})

test('of two with one updated_at the later event wins', () => {
  const early = upsert(id, { updatedAt: noon, occurredAt: noon + 1, svixId: 'msg_b' })
  const late = upsert(id, { updatedAt: noon, occurredAt: noon + 2, svixId: 'msg_a' })
  expect(decided([late], after(early)).outcomes).toEqual(['applied'])
  expect(decided([early], after(late)).outcomes).toEqual(['stale'])
  expect(decided([late, early]).written).toEqual(['msg_a'])
})

test('updated_at counts before the time of the event', () => {
  const delayed = upsert(id, { updatedAt: noon, occurredAt: noon + 9 })
  const changed = upsert(id, { updatedAt: noon + 1, occurredAt: noon + 5 })
  expect(decided([changed, delayed])).toMatchObject({
    outcomes: ['applied', 'stale'],
    written: written(changed),
  })
})

test('of two at one moment the greater svix-id wins', () => {
  const lower = upsert(id, { svixId: 'msg_A' })
  const greater = upsert(id, { svixId: 'msg_a' })
  expect(decided([greater], after(lower)).outcomes).toEqual(['applied'])
  expect(decided([lower], after(greater)).outcomes).toEqual(['stale'])
  expect(decided([lower, greater]).written).toEqual(['msg_a'])
  expect(decided([greater, lower]).written).toEqual(['msg_a'])
})

test('a row of the same version is left alone, also when the ledger has forgotten the event', () => {
  const { rows } = after(older)
  expect(decided([older], { ...unknown, rows }).outcomes).toEqual(['stale'])
})

test.each(deletionPolicies)('with %s a delete wins over a row of any version', (policy) => {
  const deleted = remove(id, { occurredAt: noon - 1_000 })
  expect(decided([deleted], after(newer), policy)).toEqual({
    outcomes: ['deleted'],
    written: [],
    deleted: [[id, noon - 1_000]],
  })
})

test('after a delete every change is stale, however new', () => {
  const late = upsert(id, { updatedAt: noon + 1_000_000 })
  expect(decided([late], after(remove(id)))).toEqual({
    outcomes: ['stale'],
    written: [],
    deleted: [],
  })
})

test('an update before a delete in one batch is not written, one after it is stale', () => {
  expect(decided([older, remove(id), newer])).toEqual({
    outcomes: ['applied', 'deleted', 'stale'],
    written: [],
    deleted: [[id, noon]],
  })
})

test('a second delete is stale and goes on to the tombstone, which may owe it an earlier time', () => {
  const [second, first] = [
    remove(id, { occurredAt: noon }),
    remove(id, { occurredAt: noon - 1_000 }),
  ]
  expect(decided([first], after(second))).toMatchObject({
    outcomes: ['stale'],
    deleted: [[id, noon - 1_000]],
  })
})

test('of two deletes in one batch the earlier time is kept, in either order', () => {
  const early = remove(id, { occurredAt: noon - 1_000 })
  const late = remove(id, { occurredAt: noon })
  for (const batch of [
    [early, late],
    [late, early],
  ]) {
    expect(decided(batch)).toMatchObject({
      outcomes: ['deleted', 'stale'],
      deleted: [[id, noon - 1_000]],
    })
  }
})

test('an event that the ledger has is a duplicate and does nothing', () => {
  const deleted = remove(id)
  expect(decided([deleted], after(deleted))).toEqual({
    outcomes: ['duplicate'],
    written: [],
    deleted: [],
  })
})

test('the second copy of an event in one batch is a duplicate', () => {
  const ignored = nothing()
  expect(decided([newer, newer, ignored, ignored]).outcomes).toEqual([
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
  expect(decided(changes).outcomes).toEqual(['deleted', 'applied', 'stale'])
})

const invitationId = freshId('orginv')
const invite = { type: 'organizationInvitation.created', data: { organization_id: 'org_1' } }
const accept = {
  type: 'organizationInvitation.accepted',
  updatedAt: noon + 5,
  data: { ...invite.data, user_id: id },
}

test('what goes with its owner is stale and leaves a tombstone of its own without a time', () => {
  const accepted = upsert(invitationId, accept)
  expect(decided([accepted], after(remove(id)))).toEqual({
    outcomes: ['stale'],
    written: [],
    deleted: [[invitationId, null]],
  })
  expect(decided([remove(id), accepted])).toEqual({
    outcomes: ['deleted', 'stale'],
    written: [],
    deleted: [
      [id, noon],
      [invitationId, null],
    ],
  })
})

test('an owner that is deleted later in the batch takes along what the batch wrote', () => {
  expect(decided([upsert(invitationId, accept), remove(id)])).toEqual({
    outcomes: ['applied', 'deleted'],
    written: [],
    deleted: [
      [id, noon],
      [invitationId, null],
    ],
  })
})

test('an event that does not name the deleted owner is kept out by the tombstone of its own id', () => {
  const known = after(remove(id), upsert(invitationId, accept))
  expect(decided([upsert(invitationId, invite)], known).outcomes).toEqual(['stale'])
})

test('with retain the newest row stays, with the earliest time of its deletion', () => {
  const late = upsert(id, { updatedAt: noon + 9, data: { first_name: 'Ada' } })
  const changes = [remove(id, { occurredAt: noon + 7 }), late, remove(id, { occurredAt: noon + 6 })]
  const { verdicts, writes } = decide(changes, after(older), 'retain')
  expect(verdicts).toMatchObject([
    { outcome: 'deleted' },
    { outcome: 'applied' },
    { outcome: 'stale' },
  ])
  expect(writes).toMatchObject([
    { event: late.event, deletedAt: noon + 6, value: { row: { first_name: 'Ada' } } },
  ])
})

test('with anonymize the newest row stays without what tells of the person', () => {
  const data = {
    first_name: 'Ada',
    banned: true,
    email_addresses: [{ id: 'idn_1', email_address: 'ada@example.com' }],
  }
  for (const changes of [
    [remove(id), upsert(id, { data })],
    [upsert(id, { data }), remove(id)],
  ]) {
    const { writes } = decide(changes, unknown, 'anonymize')
    expect(writes).toMatchObject([
      {
        deletedAt: noon,
        value: {
          row: { first_name: null, banned: true },
          children: { email_addresses: [{ id: 'idn_1', email_address: null, verified: false }] },
        },
      },
    ])
  }
})

test('what can not be read is refused, and stale where the entity is deleted', () => {
  const broken = unreadable(id)
  expect(decided([broken], after(older)).outcomes).toEqual(["it can't be read"])
  expect(decided([broken, broken]).outcomes).toEqual(["it can't be read", "it can't be read"])
  for (const policy of deletionPolicies) {
    expect(decided([broken], after(remove(id)), policy).outcomes).toEqual(['stale'])
  }
})

test('the verdict names the columns that each change of a batch changed', () => {
  const first = upsert(id, { data: { first_name: 'Ada', banned: false } })
  const second = upsert(id, { updatedAt: noon + 1, data: { first_name: 'Grace', banned: false } })
  const { verdicts } = decide([first, second, remove(id)], unknown, 'erase')
  expect(verdicts).toMatchObject([
    { outcome: 'applied', changed: ['first_name', 'banned'] },
    { outcome: 'applied', changed: ['first_name'] },
    { outcome: 'deleted' },
  ])
  expect(verdicts[2]).not.toHaveProperty('changed')
})
