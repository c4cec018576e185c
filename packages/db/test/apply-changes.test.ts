import { expect, test } from 'vitest'
import { applyChanges, createDatabase } from '../src/index.ts'
import type { Change } from '@clerk-sync/events'
import type { PreparedStatement } from '../src/database.ts'
import type { Database } from '../src/index.ts'
import { freshId, noon, nothing, remove, upsert } from './build-change.ts'
import { applyAll, useTables, defaultRules } from './tables.ts'
import { prismaOf } from './prisma.ts'

const tables = await useTables()
const [db] = tables.writers

const user = (id: string) => prismaOf(db).user.findUnique({ where: { id } })
const named = (id: string, first_name: string, later: number) =>
  upsert(id, { updatedAt: noon + later, data: { first_name } })

test('a newer change replaces the row, an older one leaves it', async () => {
  const id = freshId()
  expect(await tables.apply(named(id, 'first', 0))).toEqual(['applied'])
  expect(await tables.apply(named(id, 'third', 2))).toEqual(['applied'])
  expect(await tables.apply(named(id, 'second', 1))).toEqual(['stale'])
  expect(await user(id)).toMatchObject({ first_name: 'third', updated_at: new Date(noon + 2) })
})

test('a column that the newer change does not have becomes null', async () => {
  const id = freshId()
  const data = { username: 'ada', public_metadata: { team: 'engines' }, banned: true }
  await tables.apply(upsert(id, { updatedAt: noon, data }))
  await tables.apply(upsert(id, { updatedAt: noon + 1 }))
  expect(await user(id)).toMatchObject({ username: null, public_metadata: null, banned: null })
})

test('a delete removes the row with its addresses and leaves a tombstone without personal data', async () => {
  const id = freshId()
  const data = { email_addresses: [{ id: 'idn_1', email_address: 'ada@example.com' }] }
  await tables.apply(upsert(id, { data }))
  expect(await tables.apply(remove(id, { occurredAt: noon + 5 }))).toEqual(['deleted'])
  expect(await user(id)).toBeNull()
  expect(await prismaOf(db).emailAddress.findMany({ where: { user_id: id } })).toEqual([])
  expect(await prismaOf(db).tombstone.findMany({ where: { id } })).toEqual([
    {
      entity: 'user',
      id,
      deleted_at: new Date(noon + 5),
      recorded_at: expect.any(Date),
      organization_id: null,
      user_id: null,
      created_at: null,
    },
  ])
  expect(await tables.apply(named(id, 'late', 1_000))).toEqual(['stale'])
  expect(await user(id)).toBeNull()
})

test('of two deletes the earlier time stays, in either order', async () => {
  for (const laters of [
    [5, 9],
    [9, 5],
  ]) {
    const id = freshId()
    for (const later of laters) await tables.apply(remove(id, { occurredAt: noon + later }))
    const [tombstone] = await prismaOf(db).tombstone.findMany({ where: { id } })
    expect(tombstone?.deleted_at).toEqual(new Date(noon + 5))
  }
})

test('the ledger keeps each event once, with what became of it', async () => {
  const id = freshId()
  const changes = [named(id, 'new', 1), named(id, 'old', 0), remove(id), nothing()]
  const outcomes = ['applied', 'stale', 'deleted', 'ignored']
  expect(await tables.apply(...changes)).toEqual(outcomes)
  expect(await tables.apply(...changes)).toEqual(changes.map(() => 'duplicate'))
  for (const [index, { event }] of changes.entries()) {
    const row = await prismaOf(db).webhookEvent.findUnique({ where: { id: event.id } })
    expect(row).toMatchObject({
      type: event.type,
      entity_id: event.entityId ?? null,
      outcome: outcomes[index],
      occurred_at: new Date(event.occurredAt),
      received_at: new Date(event.receivedAt),
    })
  }
})

const life = (id: string) => [
  named(id, 'b', 1),
  named(id, 'a', 0),
  named(id, 'c', 2),
  remove(id),
  named(id, 'd', 3),
  remove(id, { occurredAt: noon - 1 }),
]

test('the outcomes of a batch are those of the same changes one after the other', async () => {
  const [together, apart] = [freshId(), freshId()]
  const outcomes: string[] = []
  for (const change of life(apart)) outcomes.push(...(await tables.apply(change)))
  expect(await tables.apply(...life(together))).toEqual(outcomes)
})

test.each(['Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns'])(
  'versions are compared rightly when the database keeps the time of %s',
  async (timeZone) => {
    const name = new URL(tables.url).pathname.slice(1)
    await tables.query(`ALTER DATABASE ${name} SET timezone TO '${timeZone}'`)
    const local = createDatabase({ url: tables.url, maxConnections: 1 })
    try {
      const id = freshId()
      await applyAll(local, [named(id, 'old', 0)])
      expect(await applyAll(local, [named(id, 'new', 60_000)])).toEqual(['applied'])
      expect(await applyAll(local, [named(id, 'older', 30_000)])).toEqual(['stale'])
      expect((await user(id))?.first_name).toBe('new')
      const [seen, stored] = await Promise.all(
        [local, db].map((handle) => prismaOf(handle).user.findUniqueOrThrow({ where: { id } })),
      )
      expect(seen?.updated_at).toEqual(stored?.updated_at)
    } finally {
      await local.close()
      await tables.query(`ALTER DATABASE ${name} RESET timezone`)
    }
  },
)

/** A database that counts what is asked of it. */
function counting(asked: { transactions: number; statements: number }): Database {
  return {
    ...db,
    transaction: (run) => {
      asked.transactions += 1
      return db.transaction((tx) => {
        const count = (name: 'query' | 'execute') => {
          return (statement: string | PreparedStatement, ...values: unknown[]) => {
            asked.statements += 1
            return tx[name](statement, ...values) as never
          }
        }
        return run({ query: count('query'), execute: count('execute') })
      })
    },
  }
}

const story = (): Change[] => {
  const [id, other] = [freshId(), freshId()]
  const data = { email_addresses: [{ id: freshId('idn'), email_address: 'ada@example.com' }] }
  return [
    upsert(id, { data }),
    remove(other),
    upsert(freshId('org'), { type: 'organization.created' }),
    nothing(),
  ]
}

test('a batch of 200 takes one transaction and as many statements as a batch of 4', async () => {
  const [small, large] = [
    { transactions: 0, statements: 0 },
    { transactions: 0, statements: 0 },
  ]
  await applyAll(counting(small), story())
  await applyAll(counting(large), Array.from({ length: 50 }, story).flat())
  expect(small.statements).toBeLessThan(25)
  expect(large).toEqual({ transactions: 1, statements: small.statements })
})

test('PostgreSQL itself sees one commit for a batch of 200', async () => {
  const commits = async () => {
    await db.query('SELECT pg_stat_force_next_flush()::text')
    const [row] = await tables.query<{ count: string }>(
      'SELECT xact_commit AS count FROM pg_stat_database WHERE datname = current_database()',
    )
    return Number(row?.count)
  }
  const before = await commits()
  await applyAll(db, Array.from({ length: 50 }, story).flat())
  // The counting queries themselves are three, and autovacuum may look in.
  expect((await commits()) - before).toBeLessThan(10)
})

test('changes with very many child rows take several transactions', async () => {
  const withAddresses = (count: number) => {
    const address = (_: unknown, at: number) => ({ id: `idn_${at}`, email_address: `${at}@x.test` })
    const id = freshId()
    return upsert(id, { data: { email_addresses: Array.from({ length: count }, address) } })
  }
  const changes = [8_000, 8_000, 8_000].map(withAddresses)
  const asked = { transactions: 0, statements: 0 }
  const results = await applyChanges(counting(asked), changes, defaultRules)
  expect(results).toMatchObject(changes.map(() => ({ ok: true, outcome: 'applied' })))
  expect(asked.transactions).toBe(2)
})

test('one refused change among 200 costs a few transactions, not two hundred', async () => {
  const poison = named(freshId(), 'refuse me', 0)
  await tables.query(
    "ALTER TABLE clerk.users ADD CONSTRAINT no_poison CHECK (first_name <> 'refuse me') NOT VALID",
  )
  const asked = { transactions: 0, statements: 0 }
  const batch = Array.from({ length: 50 }, story).flat()
  const results = await applyChanges(counting(asked), batch.with(77, poison), defaultRules)
  expect(results.filter((result) => !result.ok)).toHaveLength(1)
  expect(asked.transactions).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(200)))
  await tables.query('ALTER TABLE clerk.users DROP CONSTRAINT no_poison')
})
