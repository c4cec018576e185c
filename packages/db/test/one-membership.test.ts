import { describe, expect, test } from 'vitest'
import { deletionPolicies } from '../src/index.ts'
import type { Change } from '@clerk-sync/events'
import { freshId, noon, remove, upsert } from './build-change.ts'
import { applyAll, defaultRules, useTables } from './tables.ts'

const tables = await useTables()
const [db, other] = tables.writers

/** Memberships of one user in one organization, made at these milliseconds after noon. */
function memberships(...createdAfter: number[]) {
  const owners = {
    organization: { id: freshId('org') },
    public_user_data: { user_id: freshId() },
  }
  return createdAfter.map((after) => {
    const id = freshId('orgmem')
    const data = { ...owners, created_at: noon + after, role: `org:made-${after}` }
    return {
      id,
      userId: owners.public_user_data.user_id,
      change: (type: 'created' | 'updated', updatedAfter = after) =>
        upsert(id, {
          type: `organizationMembership.${type}`,
          updatedAt: noon + updatedAfter,
          data,
        }),
      deletion: (occurredAfter: number) =>
        remove(id, {
          type: 'organizationMembership.deleted',
          occurredAt: noon + occurredAfter,
          data,
        }),
    }
  })
}

const rowsOf = (userId: string) =>
  tables.query(`
    SELECT role, deleted_at FROM clerk.organization_memberships
    WHERE user_id = '${userId}' ORDER BY created_at`)

const tombstoneOf = (id: string) =>
  tables.query(`SELECT deleted_at FROM clerk.tombstones WHERE id = '${id}'`)

const arrivals: [name: string, batches: (older: Change, newer: Change) => Change[][]][] = [
  ['the older first', (older, newer) => [[older], [newer]]],
  ['the newer first', (older, newer) => [[newer], [older]]],
  ['the older first in one batch', (older, newer) => [[older, newer]]],
  ['the newer first in one batch', (older, newer) => [[newer, older]]],
]

describe.each(deletionPolicies)('with %s', (deletionPolicy) => {
  const rules = { deletionPolicy, auditValues: false }

  test.each(arrivals)(
    'the newer membership of a person replaces the older whose delete was lost, %s',
    async (_, batches) => {
      const [older, newer] = memberships(1, 9) as [Made, Made]
      const changes = batches(older.change('updated', 5), newer.change('created'))
      for (const batch of changes) await applyAll(db, batch, rules)
      const stays = { role: 'org:made-9', deleted_at: null }
      const replaced = { role: 'org:made-1', deleted_at: new Date(noon + 9) }
      expect(await rowsOf(newer.userId)).toEqual(
        deletionPolicy === 'erase' ? [stays] : [replaced, stays],
      )
      expect(await tombstoneOf(older.id)).toEqual([{ deleted_at: null }])
      expect(await tombstoneOf(newer.id)).toEqual([])
    },
  )

  test.each([
    ['before its creation', (newer: Made) => [newer.deletion(12), newer.change('created')]],
    ['after its creation', (newer: Made) => [newer.change('created'), newer.deletion(12)]],
  ])(
    'an older membership does not come back when the newer one was deleted, %s',
    async (_, deleted) => {
      const [older, newer] = memberships(1, 9) as [Made, Made]
      const changes = [...deleted(newer), older.change('created')]
      for (const change of changes) await applyAll(db, [change], rules)
      const rows = await rowsOf(newer.userId)
      expect(rows.filter((row) => (row as { deleted_at: unknown }).deleted_at === null)).toEqual([])
      expect(await tombstoneOf(older.id)).toEqual([{ deleted_at: null }])
    },
  )
})

type Made = ReturnType<typeof memberships>[number]

test('an update of an older membership is stale, however new', async () => {
  const [older, newer] = memberships(1, 9) as [Made, Made]
  await tables.apply(older.change('created'), newer.change('created'))
  expect(await tables.apply(older.change('updated', 1_000))).toEqual(['stale'])
  expect(await rowsOf(newer.userId)).toEqual([{ role: 'org:made-9', deleted_at: null }])
})

test('of memberships made in one millisecond the one with the later change stays', async () => {
  const [one, two] = memberships(1, 1) as [Made, Made]
  await tables.apply(two.change('updated', 7))
  await tables.apply(one.change('updated', 5))
  expect(await tombstoneOf(one.id)).toEqual([{ deleted_at: null }])
  expect(await tombstoneOf(two.id)).toEqual([])
})

test('who leaves and joins again is a member', async () => {
  const [first, second, third] = memberships(1, 9, 20) as [Made, Made, Made]
  await tables.apply(first.change('created'), first.deletion(5))
  await tables.apply(second.change('created'))
  await tables.apply(second.deletion(15))
  await tables.apply(third.change('created'))
  expect(await rowsOf(third.userId)).toEqual([{ role: 'org:made-20', deleted_at: null }])
})

test.each(deletionPolicies.filter((policy) => policy !== 'erase'))(
  'a membership ends when the next one was made, also where one batch tells of both later ones, with %s',
  async (deletionPolicy) => {
    const rules = { deletionPolicy, auditValues: false }
    const [first, second, third] = memberships(1, 9, 20) as [Made, Made, Made]
    await applyAll(db, [first.change('created')], rules)
    await applyAll(db, [third.change('created'), second.change('created')], rules)
    const rows = (await rowsOf(third.userId)) as { deleted_at: Date | null }[]
    expect(rows.map((row) => row.deleted_at)).toEqual([
      new Date(noon + 9),
      new Date(noon + 20),
      null,
    ])
  },
)

test('two workers that write two memberships of a person at once leave one', async () => {
  for (let race = 0; race < 20; race += 1) {
    const [older, newer] = memberships(1, 9) as [Made, Made]
    const writes = [
      () => applyAll(db, [older.change('created')]),
      () => applyAll(other, [newer.change('created')]),
    ]
    const inTurn = race % 2 === 0 ? writes : writes.toReversed()
    await Promise.all(inTurn.map((write) => write()))
    expect(await rowsOf(newer.userId)).toEqual([{ role: 'org:made-9', deleted_at: null }])
  }
})

test('memberships that stood side by side before are one after the next event of either', async () => {
  const [older, newer] = memberships(1, 9) as [Made, Made]
  await tables.apply(newer.change('created'))
  await tables.query(`
    INSERT INTO clerk.organization_memberships
      (id, organization_id, user_id, role, created_at, updated_at, event_occurred_at, event_id)
    SELECT '${older.id}', organization_id, user_id, 'org:made-1', to_timestamp(${noon + 1} / 1000.0),
      updated_at, event_occurred_at, '' FROM clerk.organization_memberships WHERE id = '${newer.id}'`)
  await tables.apply(newer.change('updated', 10))
  expect(await rowsOf(newer.userId)).toEqual([{ role: 'org:made-9', deleted_at: null }])
})

test('memberships in other organizations, and those that name nobody, stay side by side', async () => {
  const [one] = memberships(1) as [Made]
  const [two] = memberships(1) as [Made]
  const nameless = () =>
    upsert(freshId('orgmem'), {
      type: 'organizationMembership.created',
      data: { organization: { id: 'org_nameless' }, public_user_data: null },
    })
  const changes = [one.change('created'), two.change('created'), nameless(), nameless()]
  expect(await applyAll(db, changes, defaultRules)).toEqual(changes.map(() => 'applied'))
  const rows = await tables.query(
    `SELECT FROM clerk.organization_memberships WHERE organization_id = 'org_nameless'`,
  )
  expect(rows).toHaveLength(2)
})
