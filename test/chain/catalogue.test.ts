import { randomBytes } from 'node:crypto'
import { everything, selectKept } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { officialTypes } from '@clerk-sync/events/official-catalogue'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectedOf, freshExample, rowsOf } from './catalogue-examples.ts'
import type { Example } from './catalogue-examples.ts'
import { createChain, outcomesOf } from './chain.ts'
import type { Chain, RunningIngest } from './chain.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

const kept = selectKept(everything)
// Clerk's examples count in seconds.
const dayMs = 24 * 60 * 60_000
const occurredAt = new Date('2024-05-28T08:00:00.000Z')

describe("with everything kept, Clerk's own example of", () => {
  let chain: Chain
  let ingest: RunningIngest
  beforeAll(async () => {
    chain = await createChain('redis')
    ingest = await chain.startIngest({ kept })
    await chain.startWorker({ kept })
  })
  afterAll(() => chain.close())

  /** Sends an event, waits for its outcome and returns what the ledger says. */
  async function tell(event: unknown) {
    const sent = await ingest.send(event)
    expect(sent).toMatchObject({ status: 200, body: { received: true } })
    await outcomesOf(chain, [sent])
    return prismaOf(chain.db).webhookEvent.findUniqueOrThrow({ where: { id: sent.svixId } })
  }

  async function expectRow(type: string, data: Example['data'], sentAt = occurredAt) {
    const expected = expectedOf(type, data)
    if (!expected) throw new Error(`${type} has no table`)
    const [row] = await rowsOf(chain, expected.table, 'id', data.id)
    // One example was updated a month after it was sent: it counts as updated when it was sent.
    const isFuture = Date.parse(String(expected.row['updated_at'])) > sentAt.getTime() + dayMs
    const updated = isFuture ? { updated_at: '2024-05-28T08:00:00+00:00' } : {}
    expect(row).toMatchObject({ ...expected.row, ...updated, deleted_at: null })
    for (const { table, parent, column, texts } of expected.children) {
      const children = await rowsOf(chain, table, parent, data.id)
      expect(children.map((child) => String(child[column])).toSorted()).toEqual(texts)
    }
  }

  const deletes = officialTypes.filter((type) => type.endsWith('.deleted'))
  const messages = ['email.created', 'sms.created']
  const upserts = officialTypes.filter(
    (type) => !deletes.includes(type) && !messages.includes(type),
  )

  test.each(upserts)('%s is applied and becomes its row', async (type) => {
    const example = freshExample(type)
    const { data } = example
    expect(await tell(example)).toMatchObject({
      type,
      entity_id: data.id,
      outcome: 'applied',
      occurred_at: occurredAt,
    })
    await expectRow(type, data)
  })

  test.each(deletes)('%s removes the row and leaves a tombstone', async (type) => {
    const tag = randomBytes(4).toString('hex')
    const created = freshExample(type.replace('.deleted', '.created'), tag)
    const deleted = freshExample(type, tag)
    const { id } = deleted.data
    await tell({ ...created, data: { ...created.data, id } })
    await expectRow(type, { ...created.data, id })
    expect(await tell(deleted)).toMatchObject({
      type,
      entity_id: id,
      outcome: 'deleted',
      occurred_at: occurredAt,
    })
    const expected = expectedOf(type, created.data)
    expect(await rowsOf(chain, expected?.table ?? '', 'id', id)).toEqual([])
    const [tombstone] = await prismaOf(chain.db).tombstone.findMany({ where: { id } })
    expect(tombstone?.deleted_at).toEqual(occurredAt)
  })

  test.each(messages)('%s reaches the ledger alone', async (type) => {
    const example = freshExample(type)
    expect(await tell(example)).toMatchObject({
      type,
      entity_id: example.data.id,
      user_id: example.data['user_id'] ?? null,
      outcome: 'ignored',
      occurred_at: occurredAt,
      changed_values: null,
    })
  })

  test('nothing is missing: with subscriptionItem.created, which has none, they are all 46', async () => {
    expect([...upserts, ...deletes, ...messages].toSorted()).toEqual(officialTypes.toSorted())
    expect(officialTypes).toHaveLength(45)
    const sample = buildSample('subscriptionItem.created')
    const data = sample.data as Example['data']
    expect(await tell(sample)).toMatchObject({
      type: 'subscriptionItem.created',
      entity_id: data.id,
      outcome: 'applied',
      occurred_at: new Date(sample.timestamp),
    })
    await expectRow('subscriptionItem.created', data, new Date(sample.timestamp))
  })
})
