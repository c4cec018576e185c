import { expect, test } from 'vitest'
import { freshId, noon, upsert } from './build-change.ts'
import { useTables } from './tables.ts'

const tables = await useTables()

const address = (id: string, email_address: string, status = 'verified') => ({
  id,
  email_address,
  verification: { status },
})

const holding = (id: string, later: number, ...email_addresses: object[]) =>
  upsert(id, {
    updatedAt: noon + later,
    data: { email_addresses, primary_email_address_id: 'idn_1' },
  })

const addresses = (userId: string) =>
  tables.query(
    `SELECT id, email_address, verified, is_primary FROM clerk.email_addresses
     WHERE user_id = '${userId}' ORDER BY id`,
  )

test('addresses are replaced by exactly those of the newer change', async () => {
  const id = freshId()
  await tables.apply(holding(id, 0, address('idn_1', 'one@x.dev'), address('idn_2', 'two@x.dev')))
  await tables.apply(
    holding(id, 1, address('idn_3', 'three@x.dev'), address('idn_1', 'uno@x.dev', 'expired')),
  )
  expect(await addresses(id)).toEqual([
    { id: 'idn_1', email_address: 'uno@x.dev', verified: false, is_primary: true },
    { id: 'idn_3', email_address: 'three@x.dev', verified: true, is_primary: false },
  ])
  await tables.apply(holding(id, 2))
  expect(await addresses(id)).toEqual([])
})

test('a stale change leaves the addresses alone', async () => {
  const id = freshId()
  await tables.apply(holding(id, 1, address('idn_1', 'new@x.dev')))
  await tables.apply(holding(id, 0, address('idn_1', 'old@x.dev'), address('idn_2', 'old@x.dev')))
  expect(await addresses(id)).toMatchObject([{ id: 'idn_1', email_address: 'new@x.dev' }])
})

test.each([
  ['the giver first', false, true],
  ['the taker first', true, true],
  ['the giver first, in two batches', false, false],
  ['the taker first, in two batches', true, false],
])('an address moves between two users, %s', async (_, takerFirst, inOneBatch) => {
  const [giver, taker] = [freshId(), freshId()]
  const moving = address('idn_1', 'moving@x.dev')
  await tables.apply(holding(giver, 0, moving), holding(taker, 0))
  const gives = holding(giver, 1)
  const takes = holding(taker, 2, moving)
  const events = takerFirst ? [takes, gives] : [gives, takes]
  if (inOneBatch) await tables.apply(...events)
  else for (const event of events) await tables.apply(event)
  expect(await addresses(giver)).toEqual([])
  expect(await addresses(taker)).toMatchObject([{ id: 'idn_1', email_address: 'moving@x.dev' }])
})

test('of two elements with one id the last counts; those without an id are passed over', async () => {
  const id = freshId()
  const odd = [{ email_address: 'nobody@x.dev' }, { id: '' }, { id: 7 }, null, 'text'] as object[]
  await tables.apply(
    holding(id, 0, address('idn_1', 'first@x.dev'), ...odd, address('idn_1', 'last@x.dev')),
  )
  expect(await addresses(id)).toMatchObject([{ id: 'idn_1', email_address: 'last@x.dev' }])
})

test.each(['none', 7, true, {}])(
  'a list that is %j leaves the addresses and the primary one as they are',
  async (email_addresses) => {
    const id = freshId()
    await tables.apply(holding(id, 0, address('idn_1', 'one@x.dev'), address('idn_2', 'two@x.dev')))
    const before = await addresses(id)
    const data = { email_addresses, primary_email_address_id: 'idn_1', first_name: 'Ada' }
    const odd = upsert(id, { updatedAt: noon + 1, data })
    expect(await tables.apply(odd)).toEqual(['applied'])
    expect(await addresses(id)).toEqual(before)
    expect(
      await tables.query(
        `SELECT first_name, primary_email_address FROM clerk.users WHERE id = '${id}'`,
      ),
    ).toEqual([{ first_name: 'Ada', primary_email_address: 'one@x.dev' }])
  },
)

test('a list that can not be read leaves what a change of the same batch told', async () => {
  const id = freshId()
  const data = { email_addresses: 'none', primary_email_address_id: 'idn_1' }
  await tables.apply(
    holding(id, 0, address('idn_1', 'one@x.dev')),
    upsert(id, { updatedAt: noon + 1, data }),
  )
  expect(await addresses(id)).toMatchObject([{ id: 'idn_1', is_primary: true }])
  const user = await tables.query(
    `SELECT primary_email_address AS address FROM clerk.users WHERE id = '${id}'`,
  )
  expect(user).toEqual([{ address: 'one@x.dev' }])
})

test('elements that can not be read delete no address, and there is still one primary', async () => {
  const id = freshId()
  await tables.apply(holding(id, 0, address('idn_1', 'one@x.dev'), address('idn_2', 'two@x.dev')))
  const list = [{ email_address: 'nameless@x.dev' }, address('idn_3', 'three@x.dev')]
  const partly = (later: number, primary_email_address_id: string) =>
    upsert(id, {
      updatedAt: noon + later,
      data: { email_addresses: list, primary_email_address_id },
    })
  await tables.apply(partly(1, 'idn_1'))
  expect(await addresses(id)).toMatchObject([
    { id: 'idn_1', email_address: 'one@x.dev', is_primary: true },
    { id: 'idn_2', is_primary: false },
    { id: 'idn_3', email_address: 'three@x.dev', is_primary: false },
  ])
  await tables.apply(partly(2, 'idn_3'))
  expect(await addresses(id)).toMatchObject([
    { id: 'idn_1', is_primary: false },
    { id: 'idn_2', is_primary: false },
    { id: 'idn_3', is_primary: true },
  ])
  await tables.apply(holding(id, 3, address('idn_1', 'one@x.dev')))
  expect(await addresses(id)).toMatchObject([{ id: 'idn_1', is_primary: true }])
})

async function storedMetadata(json: string): Promise<string | undefined> {
  const id = freshId()
  const data = { public_metadata: JSON.parse(json) as unknown }
  expect(await tables.apply(upsert(id, { data }))).toEqual(['applied'])
  const [row] = await tables.query<{ text: string }>(
    `SELECT public_metadata::text AS text FROM clerk.users WHERE id = '${id}'`,
  )
  return row?.text
}

test('8 KB of metadata with keys like __proto__ is kept as it is', async () => {
  const json = JSON.stringify({
    ['__proto__']: { admin: true },
    constructor: { prototype: null },
    long: 'ä"\\\n👩‍🚀'.repeat(600),
  })
  expect(JSON.parse((await storedMetadata(json)) ?? '')).toEqual(JSON.parse(json))
  expect(({} as { admin?: boolean }).admin).toBeUndefined()
})

test('8 KB of nesting is kept as it is', async () => {
  const arrays = '['.repeat(4096) + ']'.repeat(4096)
  expect(await storedMetadata(arrays)).toBe(arrays)
  const objects = '{"a": '.repeat(1300) + '{}' + '}'.repeat(1300)
  expect(await storedMetadata(objects)).toBe(objects)
})

test('a number that JavaScript has no number for becomes null, and the rest stays', async () => {
  expect(await storedMetadata('{"huge": 1e400, "kept": [1e21, 0.1, -0, 5e-324]}')).toMatch(
    /^\{"huge": null, "kept": \[1000000000000000000000, 0\.1, 0, 0\.0+5\]\}$/,
  )
})

test.each(['null', 'true', '0', '""', '[]', '"text"'])('%s as metadata is kept', async (json) => {
  expect(await storedMetadata(json)).toBe(json === 'null' ? null : json)
})
