import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { freshId, noon, upsert } from './build-change.ts'
import { useTables } from './tables.ts'
import { prismaOf } from './prisma.ts'

const tables = await useTables()
const [db] = tables.writers
const farFuture = Date.UTC(9999, 0)

const nameOf = async (id: string) =>
  (await prismaOf(db).user.findUnique({ where: { id } }))?.first_name

test.each([
  ['before the next event', [0, 1]],
  ['after the next event', [1, 0]],
])('an updated_at far in the future keeps no later event out, arriving %s', async (_, order) => {
  const id = freshId()
  const events = [
    upsert(id, { updatedAt: farFuture, occurredAt: noon, data: { first_name: 'odd' } }),
    upsert(id, { updatedAt: noon + 60_000, data: { first_name: 'next' } }),
  ]
  for (const place of order) await tables.apply(...events.slice(place, place + 1))
  expect(await nameOf(id)).toBe('next')
})

test('read from the API it writes a missing row, and overwrites none', async () => {
  const id = freshId()
  const read = (first_name: string) => ({
    ...upsert(id, { updatedAt: farFuture, data: { first_name, created_at: noon } }),
    event: undefined,
  })
  expect(await tables.apply(read('first'))).toEqual(['applied'])
  expect(await tables.apply(read('again'))).toEqual(['stale'])
  expect(
    await tables.apply(upsert(id, { updatedAt: noon + 1, data: { first_name: 'event' } })),
  ).toEqual(['applied'])
  expect(await tables.apply(read('once more'))).toEqual(['stale'])
  expect(await nameOf(id)).toBe('event')
})

test('rows that an updated_at in the future held before this release are free after its migration', async () => {
  const [told, read] = [freshId(), freshId()]
  await tables.apply(upsert(told, { updatedAt: noon }), {
    ...upsert(read, { updatedAt: noon, data: { created_at: noon - 60_000 } }),
    event: undefined,
  })
  await tables.query(`
    UPDATE clerk.users SET updated_at = '9000-01-01' WHERE id IN ('${told}', '${read}')`)
  const migration = '../prisma/migrations/20261128102000_times_in_the_future/migration.sql'
  await tables.query(await readFile(new URL(migration, import.meta.url), 'utf8'))
  const rows = await prismaOf(db).user.findMany({ where: { id: { in: [told, read] } } })
  const times = new Map(rows.map((row) => [row.id, row.updated_at.getTime()]))
  expect(times.get(told)).toBe(noon)
  expect(times.get(read)).toBe(noon - 60_000)
  const next = [told, read].map((id) => upsert(id, { updatedAt: noon + 1 }))
  expect(await tables.apply(...next)).toEqual(['applied', 'applied'])
})
