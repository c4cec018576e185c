import { expect, test } from 'vitest'
import { applyBatch } from '../src/apply-changes.ts'
import type { Change } from '@clerk-sync/events'
import type { PreparedStatement, Transaction } from '../src/database.ts'
import type { Database } from '../src/index.ts'
import { writeRows } from '../src/statements.ts'
import { asNewRow, freshId, noon, nothing, remove, upsert } from './build-change.ts'
import { applyAll, useTables, defaultRules } from './tables.ts'
import { prismaOf } from './prisma.ts'

const tables = await useTables()

const rowsWithTombstones = () =>
  tables.query(`
    SELECT entity, id FROM clerk.tombstones
    JOIN (
      SELECT 'user' AS entity, id FROM clerk.users
      UNION ALL SELECT 'organization', id FROM clerk.organizations
      UNION ALL SELECT 'organization_membership', id FROM clerk.organization_memberships
      UNION ALL SELECT 'user', user_id FROM clerk.email_addresses
    ) AS rows USING (entity, id)`)

test('an upsert and a delete of one id at once never leave a row beside its tombstone', async () => {
  const [one, two] = tables.writers
  const data = { email_addresses: [{ id: 'idn_1', email_address: 'ada@example.com' }] }
  for (let race = 0; race < 200; race += 1) {
    const id = freshId()
    const upserts = () => applyAll(one, [upsert(id, { data })])
    const deletes = () => applyAll(two, [remove(id)])
    await Promise.all(race % 2 === 0 ? [upserts(), deletes()] : [deletes(), upserts()])
  }
  expect(await rowsWithTombstones()).toEqual([])
})

test('of many writers of one new id the greatest version stays, with its own addresses', async () => {
  for (let race = 0; race < 100; race += 1) {
    const id = freshId()
    const changes = [3, 1, 4, 2].map((later) =>
      upsert(id, {
        updatedAt: noon + later,
        data: { first_name: `${later}`, email_addresses: [{ id: `idn_${later}` }] },
      }),
    )
    const outcomes = await Promise.all(
      tables.writers.map((db, writer) => applyAll(db, changes.slice(writer, writer + 1))),
    )
    expect(outcomes[2]).toEqual(['applied'])
    const [db] = tables.writers
    expect(await prismaOf(db).user.findUnique({ where: { id } })).toMatchObject({ first_name: '4' })
    const addresses = await prismaOf(db).emailAddress.findMany({ where: { user_id: id } })
    expect(addresses.map((address) => address.id)).toEqual(['idn_4'])
  }
})

test('one event with two writers at once is applied by one and a duplicate for the other', async () => {
  const [one, two] = tables.writers
  for (let race = 0; race < 50; race += 1) {
    const change = race % 2 === 0 ? upsert(freshId()) : remove(freshId())
    const outcomes = await Promise.all([applyAll(one, [change]), applyAll(two, [change])])
    expect(outcomes.flat().toSorted()).toEqual([
      change.kind === 'upsert' ? 'applied' : 'deleted',
      'duplicate',
    ])
  }
})

// applyBatch, since applyChanges would try again in halves and so hide a deadlock.
test('batches that touch the same ids in different orders never deadlock', async () => {
  const users = Array.from({ length: 40 }, () => freshId())
  const places = Array.from({ length: 20 }, () => freshId('org'))
  for (let round = 0; round < 40; round += 1) {
    const updatedAt = noon + round
    const batch: Change[] = [
      ...users.map((id) =>
        upsert(id, { updatedAt, data: { email_addresses: [{ id: `idn_${round}` }] } }),
      ),
      ...places.map((id) => upsert(id, { updatedAt, type: 'organization.updated' })),
      ...(round % 4 === 3 ? [remove(freshId()), remove(users[round] ?? '')] : []),
    ]
    const orders = [batch, batch.toReversed(), shuffled(batch), shuffled(batch)]
    const outcomes = await Promise.all(
      tables.writers.map((db, writer) => applyBatch(db, orders[writer] ?? [], defaultRules)),
    )
    expect(outcomes.flat()).toHaveLength(batch.length * 4)
  }
  expect(await rowsWithTombstones()).toEqual([])
})

test('batches of the same events in different orders never deadlock on the ledger', async () => {
  for (let round = 0; round < 40; round += 1) {
    const batch = Array.from({ length: 60 }, () => nothing())
    const orders = [batch, batch.toReversed(), shuffled(batch), shuffled(batch)]
    const outcomes = await Promise.all(
      tables.writers.map((db, writer) => applyBatch(db, orders[writer] ?? [], defaultRules)),
    )
    const ignored = outcomes
      .flat()
      .filter((verdict) => !(verdict instanceof Error) && verdict.outcome === 'ignored')
    expect(ignored).toHaveLength(batch.length)
  }
})

test('a change that is overtaken between its look at the row and its write is stale', async () => {
  const [one, two] = tables.writers
  const id = freshId()
  const older = upsert(id, { updatedAt: noon, data: { email_addresses: [{ id: 'idn_old' }] } })
  const newer = upsert(id, { updatedAt: noon + 1, data: { first_name: 'newer' } })
  let overtaken: Promise<string[]> | undefined
  await two.transaction(async (tx) => {
    await writeRows(tx, new Map([[newer.entity, [asNewRow(newer)]]]))
    overtaken = applyAll(one, [older])
    await tables.untilOneWaits()
  })
  expect(await overtaken).toEqual(['stale'])
  expect(
    await prismaOf(one).webhookEvent.findUnique({ where: { id: older.event.id } }),
  ).toMatchObject({
    outcome: 'stale',
  })
  expect(await prismaOf(one).user.findUnique({ where: { id } })).toMatchObject({
    first_name: 'newer',
  })
  expect(await prismaOf(one).emailAddress.findMany({ where: { user_id: id } })).toEqual([])
})

test.each([1, 2])(
  'a row that is written by another after %i of its tables is read keeps none of its addresses',
  async (reads) => {
    const [one, two] = tables.writers
    const id = freshId()
    const addressed = (address: string, later: number) =>
      upsert(id, { updatedAt: noon + later, data: { email_addresses: [{ id: address }] } })
    let left = reads
    const interrupted = interruptedAfterReads(one, async () => {
      if (left === 0) return
      left -= 1
      if (left === 0) await applyAll(two, [addressed('idn_other', 1)])
    })
    expect(await applyAll(interrupted, [addressed('idn_newest', 2)])).toEqual(['applied'])
    expect(left).toBe(0)
    const addresses = await prismaOf(one).emailAddress.findMany({ where: { user_id: id } })
    expect(addresses.map((address) => address.id)).toEqual(['idn_newest'])
  },
)

// The third try has the exclusive lock, for which nobody waits who writes by hand.
test.each([1, 3])(
  'a row that is edited by hand after it is read, in %i tries, becomes what Clerk says',
  async (tries) => {
    const [one] = tables.writers
    const id = freshId()
    const ada = { first_name: 'Ada', last_name: 'Byron' }
    await tables.apply(upsert(id, { updatedAt: noon, data: ada }))
    // Each try reads two tables.
    let left = 2 * tries
    const interrupted = interruptedAfterReads(one, async () => {
      if (left === 0) return
      left -= 1
      await tables.query(`UPDATE clerk.users SET first_name = 'Mary' WHERE id = '${id}'`)
    })
    const married = upsert(id, { updatedAt: noon + 1, data: { ...ada, last_name: 'Lovelace' } })
    expect(await applyAll(interrupted, [married])).toEqual(['applied'])
    expect(left).toBe(0)
    expect(await prismaOf(one).user.findUnique({ where: { id } })).toMatchObject({
      first_name: 'Ada',
      last_name: 'Lovelace',
    })
    const told = await prismaOf(one).webhookEvent.findUnique({ where: { id: married.event.id } })
    expect(told?.changed_columns).toEqual(expect.arrayContaining(['first_name', 'last_name']))
  },
)

/** Runs one statement after the other, and the task after each that reads users or their addresses. */
function interruptedAfterReads(db: Database, task: () => Promise<void>): Database {
  return {
    ...db,
    transaction: (run) =>
      db.transaction((tx) => {
        let last: Promise<unknown> = Promise.resolve()
        const query: Transaction['query'] = (statement, ...values) => {
          const { text } = statement as PreparedStatement
          const result = last.then(async () => {
            const rows = await tx.query<never>(statement, ...values)
            if (/SELECT .* FROM clerk\.(users|email_addresses) WHERE/.test(text)) await task()
            return rows
          })
          last = result.catch(() => undefined)
          return result
        }
        return run({
          query,
          execute: (...args) => last.then(() => tx.execute(...args)),
        })
      }),
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item)
}
