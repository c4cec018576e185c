import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backends, createChain, outcomesOf } from './chain.ts'
import type { Chain, RunningIngest, RunningWorker } from './chain.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

const time = 1_795_885_963_357
const zeroTime = -62_135_596_800_000

describe.each(backends)('on %s', (backend) => {
  let chain: Chain
  let ingest: RunningIngest
  let worker: RunningWorker
  beforeAll(async () => {
    chain = await createChain(backend)
    ingest = await chain.startIngest()
    worker = await chain.startWorker({ auditValues: true })
  })
  afterAll(() => chain.close())

  const freshId = (prefix: string) => `${prefix}_${randomUUID()}`
  const event = (type: string, data: string, timestamp = time) =>
    `{"type":"${type}","object":"event","timestamp":${timestamp},"data":${data}}`
  const read = (sql: string, id: string) => chain.db.query(sql, id)
  const unreadable = (entity: string, field: string) =>
    worker.count('clerk_sync_worker_unreadable_fields_total', { entity, field })

  async function arrive(body: string): Promise<string> {
    const sent = await ingest.send(body)
    expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
    return sent.svixId
  }

  test.each([
    ['period_end', zeroTime, '0001-01-01 00:00:00'],
    ['period_end', 253_402_300_800_000, null],
    ['period_start', 1.5, '1970-01-01 00:00:00.001'],
    ['period_start', '2025-10-22T00:13:53Z', '2025-10-22 00:13:53'],
    ['created_at', '', null],
    ['seats', { quantity: '12.50' }, null],
    ['plan', { amount: 'free', slug: 'steam' }, null],
  ])(
    'an item with the %s %j is written, counted and logged by name',
    async (field, value, held) => {
      const names: Record<string, string> = { seats: 'seats.quantity', plan: 'plan.amount' }
      const name = names[field] ?? field
      const column = field === 'plan' ? 'amount' : field
      const before = await unreadable('subscription_item', name)
      const id = freshId('csub_item')
      const data = { id, status: 'active', [field]: value, updated_at: time }
      await arrive(event('subscriptionItem.active', JSON.stringify(data)))
      const [row] = await read(
        `SELECT status, ${column}::text AS value FROM clerk.subscription_items WHERE id = $1`,
        id,
      )
      expect(row).toEqual({ status: 'active', value: held === null ? null : `${held}+00` })
      expect(await unreadable('subscription_item', name)).toBe(before + 1)
      const logged = chain
        .readLog()
        .split('\n')
        .filter((line) => line.includes('can not be read'))
      expect(logged.some((line) => line.includes(`"fields":["${name}"]`))).toBe(true)
      expect(logged.join('')).not.toContain('free')
    },
  )

  test('a user that was created in the year 1 is written', async () => {
    const id = freshId('user')
    await arrive(
      event('user.created', `{"id":"${id}","created_at":${zeroTime},"updated_at":${time}}`),
    )
    expect(await prismaOf(chain.db).user.findUnique({ where: { id } })).toMatchObject({
      created_at: new Date(zeroTime),
    })
  })

  test.each(['""', '"noon"', '{}', '1e300', '-1e300'])(
    'with an updated_at of %s the time of the event is the place in the order',
    async (updatedAt) => {
      const id = freshId('user')
      const user = (name: string, updated_at: string | number, timestamp: number) =>
        event(
          'user.updated',
          `{"id":"${id}","first_name":"${name}","updated_at":${updated_at}}`,
          timestamp,
        )
      await arrive(user('first', time, time))
      await arrive(user('second', updatedAt, time + 10))
      const stale = await ingest.send(user('too old', time + 5, time + 5))
      expect(await outcomesOf(chain, [stale])).toEqual(['stale'])
      expect(await prismaOf(chain.db).user.findUnique({ where: { id } })).toMatchObject({
        first_name: 'second',
        updated_at: new Date(time + 10),
      })
    },
  )

  test('a list that can not be read deletes no address', async () => {
    const id = freshId('user')
    const list = `[{"id":"idn_1","email_address":"ada@example.com"}]`
    const user = (emails: string, updatedAt: number) =>
      event(
        'user.updated',
        `{"id":"${id}","primary_email_address_id":"idn_1","email_addresses":${emails},"updated_at":${updatedAt}}`,
      )
    await arrive(user(list, time))
    const before = await unreadable('user', 'email_addresses')
    await arrive(user('"none"', time + 1))
    expect(
      await prismaOf(chain.db).emailAddress.findMany({ where: { user_id: id } }),
    ).toMatchObject([{ id: 'idn_1', email_address: 'ada@example.com', is_primary: true }])
    expect(await prismaOf(chain.db).user.findUnique({ where: { id } })).toMatchObject({
      primary_email_address: 'ada@example.com',
    })
    expect(await unreadable('user', 'email_addresses')).toBe(before + 1)
  })

  test('numbers in metadata keep their digits on the way to the row and to the ledger', async () => {
    const id = freshId('user')
    const metadata =
      '{"steam_id": 76561198000000001, "discord_id": 175928847299117063, "exact": 0.12345678901234567890}'
    const svixId = await arrive(
      event('user.created', `{"id":"${id}","public_metadata":${metadata},"updated_at":${time}}`),
    )
    const sql = 'SELECT public_metadata::text AS text FROM clerk.users WHERE id = $1'
    const [{ text }] = (await read(sql, id)) as [{ text: string }]
    for (const number of ['175928847299117063', '76561198000000001', '0.12345678901234567890']) {
      expect(text).toContain(number)
    }
    expect(
      await read(
        `SELECT (changed_values->'public_metadata')::text AS text
         FROM clerk.webhook_events WHERE id = $1`,
        svixId,
      ),
    ).toEqual([{ text }])
  })
})
