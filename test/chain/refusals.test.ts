import { once } from 'node:events'
import { connect } from 'node:net'
import { buildSample } from '@clerk-sync/events/samples'
import { createSigningSecret, parseSigningSecrets } from '@clerk-sync/events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createChain, outcomesOf } from './chain.ts'
import type { Chain, RunningIngest } from './chain.ts'
import type { Delivery } from './send.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

let chain: Chain
let ingest: RunningIngest
beforeAll(async () => {
  chain = await createChain('redis')
  ingest = await chain.startIngest()
  await chain.startWorker()
})
afterAll(() => chain.close())

const minutes = (count: number) => Date.now() / 1000 + count * 60

describe('signatures', () => {
  const refused: [what: string, delivery: () => Delivery][] = [
    ['a wrong secret', () => ({ secret: createSigningSecret() })],
    [
      'a signature of another body',
      () => ({ headers: { 'svix-signature': `v1,${btoa('x'.repeat(32))}` } }),
    ],
    ['no signature', () => ({ headers: { 'svix-signature': undefined } })],
    ['no id', () => ({ headers: { 'svix-id': undefined } })],
    ['no timestamp', () => ({ headers: { 'svix-timestamp': undefined } })],
    ['another id than the signed one', () => ({ headers: { 'svix-id': 'msg_other' } })],
    ['a timestamp of six minutes ago', () => ({ timestamp: minutes(-6) })],
    ['a timestamp in six minutes', () => ({ timestamp: minutes(6) })],
  ]
  test.each(refused)('%s is answered 400 and nothing more is said', async (_, delivery) => {
    expect(await ingest.send(buildSample('user.created'), delivery())).toMatchObject({
      status: 400,
      body: { error: 'invalid_signature' },
    })
  })

  test.each([-4, 4])('a timestamp %s minutes from now is accepted', async (offset) => {
    const sent = await ingest.send(buildSample('user.created'), { timestamp: minutes(offset) })
    expect(sent.status).toBe(200)
  })

  test('any of several secrets may sign', async () => {
    const second = createSigningSecret()
    const both = await chain.startIngest({
      secrets: parseSigningSecrets(`${chain.secret} ${second}`),
    })
    const sent = [
      await both.send(buildSample('user.created')),
      await both.send(buildSample('user.created'), { secret: second }),
    ]
    expect(await outcomesOf(chain, sent)).toEqual(['applied', 'applied'])
    expect(
      (await both.send(buildSample('user.created'), { secret: createSigningSecret() })).status,
    ).toBe(400)
  })
})

describe('bodies', () => {
  const id = () => String(buildSample('user.created').data['id'])
  const userWith = (metadata: string) =>
    `{"type":"user.created","object":"event","timestamp":${Date.now()},"data":{"id":"${id()}","updated_at":${Date.now()},"unsafe_metadata":${metadata}}}`

  // facts that another helper gets wrong: docs/adr/0001-verify-raw-bytes.md
  test.each([
    ['pretty-printed', JSON.stringify(buildSample('user.created'), undefined, 2)],
    ['with a trailing newline', `${JSON.stringify(buildSample('user.created'))}\n`],
    ['with escaped characters', userWith(String.raw`{"a":"\u0026 \u003c \u00eb \/"}`)],
    ['with raw UTF-8 and emoji', userWith('{"ë":"👩‍🚀"}')],
    ['with integer-like keys', userWith('{"b":1,"10":2,"2":3}')],
    ['with numbers in unusual forms', userWith('{"a":1.0,"b":1e3,"c":9007199254740993}')],
    ['with duplicate keys', userWith('{"a":1,"a":2}')],
    ['with __proto__', userWith('{"__proto__":{"x":1}}')],
    ['with constructor.prototype', userWith('{"constructor":{"prototype":{"x":1}}}')],
    ['with \\u0000', userWith(String.raw`{"a":"\u0000"}`)],
    ['with a lone surrogate', userWith(String.raw`{"a":"\ud83d"}`)],
  ])('a signed body %s becomes a row', async (_, body) => {
    const sent = await ingest.send(body)
    expect(sent.status).toBe(200)
    expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
  })

  test('metadata with __proto__ arrives as it was sent', async () => {
    const body = userWith('{"__proto__":{"x":1},"a":1}')
    await outcomesOf(chain, [await ingest.send(body)])
    const rows = await chain.db.query(
      'SELECT unsafe_metadata::text AS text FROM clerk.users WHERE id = $1',
      JSON.parse(body).data.id,
    )
    expect(rows).toEqual([{ text: '{"a": 1, "__proto__": {"x": 1}}' }])
  })

  test.each([
    '',
    '[1]',
    '"text"',
    'null',
    '{"type":"user.created"}',
    '{"data":{}}',
    '{"type":1,"data":{}}',
    '{"type":"user.created","data":[]}',
    'no JSON',
  ])('the signed body %j is no event', async (body) => {
    expect(await ingest.send(body)).toMatchObject({ status: 400, body: { error: 'invalid_event' } })
  })

  test('a body over the limit is answered 413', async () => {
    const body = `{"type":"user.created","data":{"x":"${'x'.repeat(1024 * 1024)}"}}`
    expect(await ingest.send(body)).toMatchObject({
      status: 413,
      body: { error: 'body_too_large' },
    })
  })

  test('the content type does not matter', async () => {
    const plain = await ingest.send(buildSample('user.created'), {
      headers: { 'content-type': 'text/plain' },
    })
    expect(plain.status).toBe(200)
    const other = { 'content-type': 'application/json; charset=utf-8' }
    expect((await ingest.send(buildSample('user.created'), { headers: other })).status).toBe(200)
  })

  test.each(['msg a:b', '123', '0', 'a:b:c', '0:1'])(
    'the svix-id %j is taken as it is',
    async (svixId) => {
      const sent = await ingest.send(buildSample('user.created'), { svixId })
      expect(sent.status).toBe(200)
      expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
    },
  )
})

test.each(['GET', 'PUT', 'DELETE'])('%s is answered 405', async (method) => {
  const response = await fetch(ingest.url, { method })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
})

test('another path is answered 404', async () => {
  const response = await fetch(new URL('/other', ingest.url), { method: 'POST', body: '{' })
  expect([response.status, await response.json()]).toEqual([404, { error: 'not_found' }])
})

test('events of another instance are acknowledged and dropped', async () => {
  const only = await chain.startIngest({ instanceId: 'ins_mine' })
  const foreign = await only.send(buildSample('user.created'))
  const mine = await only.send({ ...buildSample('user.created'), instance_id: 'ins_mine' })
  const { instance_id: _, ...old } = buildSample('user.created')
  const nameless = await only.send(old)
  expect([foreign.status, mine.status, nameless.status]).toEqual([200, 200, 200])
  expect(await outcomesOf(chain, [mine, nameless])).toEqual(['applied', 'applied'])
  expect(
    await prismaOf(chain.db).webhookEvent.findUnique({ where: { id: foreign.svixId } }),
  ).toBeNull()
})

test('an id of thousands of characters stops nothing', async () => {
  const long = 'x'.repeat(6_000)
  const unknown = await ingest.send({ type: 'galaxy.created', data: { id: long } })
  expect(await outcomesOf(chain, [unknown])).toEqual(['ignored'])
  expect(await ingest.send(buildSample('user.created'), { svixId: long })).toMatchObject({
    status: 400,
    body: { error: 'invalid_event' },
  })
})

test('ingest stops in time although a connection stays silent', async () => {
  const stopping = await chain.startIngest()
  const silent = connect(Number(new URL(stopping.url).port), '127.0.0.1')
  await once(silent, 'connect')
  const closed = once(silent, 'close')
  const started = performance.now()
  await stopping.close()
  expect(performance.now() - started).toBeLessThan(6_000)
  await closed
})

test('an event without times occurred when its first delivery was sent', async () => {
  const { type, data } = buildSample('user.created')
  const { updated_at: _, ...timeless } = data
  const sent = await ingest.send({ type, data: timeless }, { timestamp: minutes(-2) })
  expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
  const row = await prismaOf(chain.db).user.findUniqueOrThrow({ where: { id: String(data['id']) } })
  expect(Math.abs(row.updated_at.getTime() / 1000 - minutes(-2))).toBeLessThan(5)
  expect(row.updated_at).toEqual(row.event_occurred_at)
})

test('an envelope in seconds is read as milliseconds', async () => {
  const event = { ...buildSample('user.created'), timestamp: 1_716_883_200 }
  const sent = await ingest.send(event)
  await outcomesOf(chain, [sent])
  const entry = await prismaOf(chain.db).webhookEvent.findUniqueOrThrow({
    where: { id: sent.svixId },
  })
  expect(entry.occurred_at.toISOString()).toBe('2024-05-28T08:00:00.000Z')
})
