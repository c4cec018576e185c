import { expect, test } from 'vitest'
import type { ClerkObject, Upsert } from '@clerk-sync/events'
import { lockTables, readRows, RowChangedError, writeRows } from '../src/statements.ts'
import { entityKey } from '../src/decide.ts'
import type { Write } from '../src/decide.ts'
import { versionOf } from '../src/version.ts'
import { asNewRow, freshId, noon, remove, upsert } from './build-change.ts'
import { useTables } from './tables.ts'
import { prismaOf } from './prisma.ts'

const tables = await useTables()
const [db] = tables.writers

/** The write of a change over what the tables have now, without the decision that comes before it. */
async function lookedAt(change: Upsert): Promise<Write> {
  const { entity, id } = change
  const key = entityKey(entity, id)
  const { rows, children } = await db.transaction((tx) =>
    readRows(tx, new Map([[entity, [change]]])),
  )
  const before = rows.get(key)
  return {
    ...change,
    version: versionOf(change),
    deletedAt: null,
    before,
    childrenBefore: children.get(key) ?? {},
    changed: undefined,
  }
}

const write = (change: Write) =>
  db.transaction((tx) => writeRows(tx, new Map([[change.entity, [change]]])))

const firstName = async (id: string) =>
  (await prismaOf(db).user.findUnique({ where: { id } }))?.first_name

const named = (id: string, first_name: string, later = 0) =>
  upsert(id, { updatedAt: noon + later, data: { first_name } })

const middle = { updatedAt: noon, occurredAt: noon + 10, svixId: 'msg_m' }

test.each([
  ['a greater updated_at', 'applied', { updatedAt: noon + 1, occurredAt: noon, svixId: 'msg_a' }],
  [
    'a smaller updated_at',
    'stale',
    { updatedAt: noon - 1, occurredAt: noon + 20, svixId: 'msg_z' },
  ],
  ['the same updated_at and a later event', 'applied', { occurredAt: noon + 11, svixId: 'msg_a' }],
  ['the same updated_at and an earlier event', 'stale', { occurredAt: noon + 9, svixId: 'msg_z' }],
  ['the same times and a greater svix-id', 'applied', { svixId: 'msg_n' }],
  ['the same times and a smaller svix-id', 'stale', { svixId: 'msg_M' }],
  ['the very same version', 'duplicate', {}],
])('the whole version decides whether a row is written: %s', async (_, outcome, given) => {
  const id = freshId()
  const [first, second] = [middle, { ...middle, ...given }].map(({ svixId, ...times }) =>
    upsert(id, { ...times, svixId: `${svixId}_${id}` }),
  )
  if (!first || !second) throw new Error('two events')
  expect(await tables.apply(first)).toEqual(['applied'])
  expect(await tables.apply(second)).toEqual([outcome])
  const [row] = await tables.query<{ event_id: string }>(
    `SELECT event_id FROM clerk.users WHERE id = '${id}'`,
  )
  expect(row?.event_id).toBe(outcome === 'applied' ? second.event.id : first.event.id)
})

test('a row is written over the one that was read', async () => {
  const id = freshId()
  await tables.apply(named(id, 'Ada'))
  await write(await lookedAt(named(id, 'Grace', 1)))
  expect(await firstName(id)).toBe('Grace')
})

test.each([
  ['an event of the same updated_at', (id: string) => named(id, 'Mary')],
  ['a newer one', (id: string) => named(id, 'Mary', 2)],
])('nothing is written over a row that %s has changed meanwhile', async (_, other) => {
  const id = freshId()
  await tables.apply(upsert(id, { updatedAt: noon, occurredAt: noon - 1 }))
  const late = await lookedAt(named(id, 'Grace', 1))
  await tables.apply(other(id))
  await expect(write(late)).rejects.toThrow(RowChangedError)
  expect(await firstName(id)).toBe('Mary')
})

test('nothing is written over a row that has come meanwhile', async () => {
  const id = freshId()
  const late = await lookedAt(named(id, 'Grace', 1))
  await tables.apply(named(id, 'Mary'))
  await expect(write(late)).rejects.toThrow(RowChangedError)
  expect(await firstName(id)).toBe('Mary')
})

test('nothing is written over a row that was deleted meanwhile', async () => {
  const id = freshId()
  await tables.apply(named(id, 'Ada'))
  const late = await lookedAt(named(id, 'Grace', 1))
  await tables.apply(remove(id))
  await expect(write(late)).rejects.toThrow(RowChangedError)
  expect(await firstName(id)).toBeUndefined()
})

test.each([
  ['whose deletion was noted', 'deleted_at = now()', 'Ada'],
  ['that was edited by hand', "first_name = 'Mary'", 'Mary'],
])('nothing is written over a row %s meanwhile', async (_, change, left) => {
  const id = freshId()
  await tables.apply(named(id, 'Ada'))
  const late = await lookedAt(named(id, 'Grace', 1))
  await tables.query(`UPDATE clerk.users SET ${change} WHERE id = '${id}'`)
  await expect(write(late)).rejects.toThrow(RowChangedError)
  expect(await firstName(id)).toBe(left)
})

test('nothing is written over a row that somebody is just writing', async () => {
  const id = freshId()
  await tables.apply(named(id, 'Ada'))
  const late = await lookedAt(named(id, 'Grace', 1))
  let refused: Promise<unknown> | undefined
  await tables.writers[1].transaction(async (tx) => {
    await tx.execute(`UPDATE clerk.users SET first_name = 'Mary' WHERE id = '${id}'`)
    refused = write(late).catch((error: unknown) => error)
    await tables.untilOneWaits()
  })
  expect(await refused).toBeInstanceOf(RowChangedError)
  expect(await firstName(id)).toBe('Mary')
})

test('a row that stands by now where the read one stood is left alone', async () => {
  const [id, other] = [freshId(), freshId()]
  await tables.apply(named(id, 'Ada'), named(other, 'Mary'))
  const late = await lookedAt(named(id, 'Grace', 1))
  const { before: stranger } = await lookedAt(named(other, 'Grace', 1))
  await expect(write({ ...late, before: stranger })).rejects.toThrow(RowChangedError)
  expect([await firstName(id), await firstName(other)]).toEqual(['Ada', 'Mary'])
})

test('nothing is written over another version of a row that stands at its place', async () => {
  const id = freshId()
  await tables.apply(named(id, 'Ada'))
  const late = await lookedAt(named(id, 'Grace', 1))
  Object.assign(late.before?.value.row ?? {}, { xmin: '3' })
  await expect(write(late)).rejects.toThrow(RowChangedError)
  expect(await firstName(id)).toBe('Ada')
})

test('in a table of more than a few pages a row is found at its place, not by its index', async () => {
  const id = freshId()
  await tables.apply(named(id, 'Ada'))
  await tables.query(
    `INSERT INTO clerk.users (id, updated_at, event_occurred_at, event_id)
       SELECT 'user_page_' || i, now(), now(), '' FROM generate_series(1, 3000) AS i;
     ANALYZE clerk.users`,
  )
  const late = await lookedAt(named(id, 'Grace', 1))
  // A connection that has no plan yet, with the settings of a worker.
  await tables.writers[2].transaction(async (tx) => {
    await lockTables(tx, false)
    const readScans = () =>
      tx.query(
        `SELECT idx_scan, seq_scan FROM pg_stat_xact_user_tables WHERE relid = 'clerk.users'::regclass`,
      )
    const before = await readScans()
    await writeRows(tx, new Map([[late.entity, [late]]]))
    expect(await readScans()).toEqual(before)
  })
  expect(await firstName(id)).toBe('Grace')
})

test('in one batch each row gets its own changed columns, and keeps the others', async () => {
  const quoted = { first_name: 'A "b" \\ {c},NULL', public_metadata: { 'k"': ['{', 1.5, null] } }
  const [one, two, three] = [freshId(), freshId(), freshId()]
  const known = { first_name: 'Ada', last_name: 'L', banned: true, public_metadata: { a: 1 } }
  const changed = [
    { ...known, ...quoted },
    { ...known, first_name: null, banned: false },
    { ...known, last_name: 'NULL', public_metadata: {} },
  ]
  const ids = [one, two, three]
  const all = (data: ClerkObject[], updatedAt: number) =>
    tables.apply(...ids.map((id, at) => upsert(id, { updatedAt, data: data[at] ?? {} })))
  await all([known, known, known], noon)
  await all(changed, noon + 1)
  const rows = await tables.query(
    `SELECT first_name, last_name, banned, public_metadata FROM clerk.users
     WHERE id IN ('${ids.join("','")}')
     ORDER BY array_position(ARRAY['${ids.join("','")}'], id)`,
  )
  expect(rows).toEqual(changed)
})

test('two changes of one row in a batch are written as the last one leaves it', async () => {
  const id = freshId()
  const data = { first_name: 'Ada', last_name: 'Lovelace' }
  await tables.apply(upsert(id, { updatedAt: noon, data }))
  await tables.apply(
    upsert(id, { updatedAt: noon + 1, data: { ...data, first_name: 'Grace' } }),
    upsert(id, { updatedAt: noon + 2, data: { ...data, last_name: 'Hopper' } }),
  )
  const rows = await tables.query(
    `SELECT first_name, last_name FROM clerk.users WHERE id = '${id}'`,
  )
  expect(rows).toEqual([{ first_name: 'Ada', last_name: 'Hopper' }])
})

test('of the child rows only those that differ are written', async () => {
  const id = freshId()
  const addresses = (...names: string[]) => ({
    email_addresses: names.map((name) => ({ id: `idn_${name[0]}`, email_address: name })),
  })
  await tables.apply(
    upsert(id, { updatedAt: noon, data: addresses('a@x.com', 'b@x.com', 'c@x.com') }),
  )
  const rows = () =>
    tables.query<{ email_address: string; xmin: string }>(
      `SELECT email_address, xmin::text FROM clerk.email_addresses
       WHERE user_id = '${id}' ORDER BY email_address`,
    )
  const [before] = await rows()
  await write(
    await lookedAt(
      upsert(id, { updatedAt: noon + 1, data: addresses('a@x.com', 'bb@x.com', 'd@x.com') }),
    ),
  )
  const after = await rows()
  expect(after.map((row) => row.email_address)).toEqual(['a@x.com', 'bb@x.com', 'd@x.com'])
  expect(after[0]?.xmin).toBe(before?.xmin)
  expect(after[1]?.xmin).not.toBe(before?.xmin)
})

test('child rows that stayed without their parent are those of the row that is written', async () => {
  const id = freshId()
  const data = { email_addresses: [{ id: 'idn_a', email_address: 'a@x.com' }] }
  await tables.apply(upsert(id, { updatedAt: noon, data }))
  await tables.query(`DELETE FROM clerk.users WHERE id = '${id}'`)
  await tables.apply(upsert(id, { updatedAt: noon, data: {} }))
  expect(await prismaOf(db).emailAddress.findMany({ where: { user_id: id } })).toEqual([])
})

test('a row that was never read can only be new', async () => {
  const id = freshId()
  await tables.apply(named(id, 'Ada'))
  await expect(write(asNewRow(named(id, 'Grace', 1)))).rejects.toThrow(RowChangedError)
})
