import { parseJson } from '@clerk-sync/ops'
import { expect, test } from 'vitest'
import { applyChanges } from '../src/index.ts'
import { freshId, noon, upsert } from './build-change.ts'
import { useTables } from './tables.ts'

const tables = await useTables()
const [db] = tables.writers

const metadata =
  '{"ids": [175928847299117063, -76561198000000001], "long": 0.12345678901234567890, "price": 1.10}'

async function apply(id: string, later: number, public_metadata: string) {
  const change = upsert(id, {
    updatedAt: noon + later,
    data: { public_metadata: parseJson(public_metadata) },
  })
  const rules = { deletionPolicy: 'erase', auditValues: true } as const
  const [result] = await applyChanges(db, [change], rules)
  if (!result?.ok) throw new Error('it was not written')
  return { changed: result.changed, eventId: change.event.id }
}

const stored = (id: string) =>
  tables.query(`SELECT public_metadata::text AS text FROM clerk.users WHERE id = '${id}'`)

test('numbers in metadata keep their digits, in the row and in the ledger', async () => {
  const id = freshId()
  const { eventId } = await apply(id, 0, metadata)
  expect(await stored(id)).toEqual([{ text: metadata }])
  expect(
    await tables.query(
      `SELECT (changed_values->'public_metadata')::text AS text
       FROM clerk.webhook_events WHERE id = '${eventId}'`,
    ),
  ).toEqual([{ text: metadata }])
})

test('metadata with the same digits count as unchanged, those with others as changed', async () => {
  const id = freshId()
  await apply(id, 0, metadata)
  expect((await apply(id, 1, metadata)).changed).toEqual([])
  const other = metadata.replace('175928847299117063', '175928847299117064')
  expect((await apply(id, 2, other)).changed).toEqual(['public_metadata'])
  expect(await stored(id)).toEqual([{ text: other }])
})

test.each([
  ['1e5', '100000'],
  ['1.50E1', '15.0'],
  ['12.5e-3', '0.0125'],
  ['-0.00', '0.00'],
  ['1e400', `1${'0'.repeat(400)}`],
  [`0.${'1'.repeat(16_383)}`, `0.${'1'.repeat(16_383)}`],
  ['9'.repeat(131_072), '9'.repeat(131_072)],
])('what is stored of %j reads as the same when it comes again', async (number, text) => {
  const id = freshId()
  await apply(id, 0, `{"n": ${number}}`)
  expect(await stored(id)).toEqual([{ text: `{"n": ${text}}` }])
  expect((await apply(id, 1, `{"n": ${number}}`)).changed).toEqual([])
})

test.each([`0.${'1'.repeat(16_384)}`, '9'.repeat(131_073), '1e131072', '-1e-20000'])(
  'a number that PostgreSQL can not hold costs no row',
  async (number) => {
    const id = freshId()
    await apply(id, 0, `{"n": ${number}}`)
    expect(await stored(id)).toHaveLength(1)
  },
)

test('an amount above what JavaScript holds keeps its digits', async () => {
  const id = freshId('csub_item')
  const type = 'subscriptionItem.active'
  const [amount] = parseJson('[9223372036854775807]') as unknown[]
  expect(await tables.apply(upsert(id, { type, data: { plan: { amount } } }))).toEqual(['applied'])
  expect(
    await tables.query(`SELECT amount::text FROM clerk.subscription_items WHERE id = '${id}'`),
  ).toEqual([{ amount: '9223372036854775807' }])
})
