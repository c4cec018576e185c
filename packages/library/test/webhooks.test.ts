import { createFaultProxy, createPgBouncer, createTestDatabase } from '@clerk-sync/testing'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { createDatabase, waitForUser } from '../src/index.ts'
import { createWebhookHandler } from '../src/webhooks.ts'
import type { WebhookHandler, WebhookHandlerOptions } from '../src/webhooks.ts'
import {
  database,
  delivery,
  freshId,
  hasRow,
  pool,
  signingSecret,
  url,
  userEvent,
} from './delivery.ts'

/** A handler that writes into the tables, closed with its test, and what it has logged. */
function openHandler(options: WebhookHandlerOptions = { databaseUrl: database.url }) {
  const logged: string[] = []
  const log = (fields: object, message: string) =>
    void logged.push(`${message} ${JSON.stringify(fields, describeErrors)}`)
  const logger = { info: log, warn: log, error: log }
  const handler = createWebhookHandler({ signingSecret, logger, ...options })
  onTestFinished(() => handler.close())
  return { handler, logged }
}

const describeErrors = (_: string, value: unknown) =>
  value instanceof Error ? value.message : value

async function answerOf(handler: WebhookHandler, request: Request) {
  const response = await handler(request)
  return { status: response.status, body: await response.json() }
}

test('an event is in its row and in the ledger when it is answered 200', async () => {
  const { handler, logged } = openHandler()
  const [id, svixId] = [freshId(), freshId('msg')]
  const answer = await answerOf(handler, delivery(userEvent(id), { svixId }))
  expect(answer).toEqual({ status: 200, body: { received: true } })
  expect(await hasRow(id)).toBe(true)
  const { rows } = await pool.query('SELECT outcome FROM clerk.webhook_events WHERE id = $1', [
    svixId,
  ])
  expect(rows).toEqual([{ outcome: 'applied' }])
  await handler(delivery(userEvent()))
  expect(logged).toEqual([
    `event stored, the first since the start ${JSON.stringify({ svixId, type: 'user.created' })}`,
  ])
})

test('a body is verified byte by byte, however its JSON is written', async () => {
  const { handler } = openHandler()
  const id = freshId()
  const event = userEvent(id)
  const pretty = JSON.stringify(event, null, 2).replace('"user"', String.raw`"us\u0065r"`)
  expect((await handler(delivery(pretty))).status).toBe(200)
  expect(await hasRow(id)).toBe(true)
})

test('what is not a signed event is refused, and nothing is written', async () => {
  const { handler, logged } = openHandler()
  const id = freshId()
  const wrongSignature = { 'svix-signature': `v1,${'A'.repeat(43)}=` }
  const refused: [Request, number, string][] = [
    [delivery(userEvent(id), { headers: wrongSignature }), 400, 'invalid_signature'],
    [delivery(userEvent(id), { headers: { 'svix-id': '' } }), 400, 'invalid_signature'],
    [delivery(userEvent(id), { signed: 'another body' }), 400, 'invalid_signature'],
    [delivery('no JSON'), 400, 'invalid_event'],
    [delivery({ ...userEvent(id), more: 'x'.repeat(600_000) }), 413, 'body_too_large'],
    [new Request(url), 405, 'method_not_allowed'],
    [new Request(url, { method: 'PUT', body: '' }), 405, 'method_not_allowed'],
  ]
  for (const [request, status, error] of refused) {
    expect(await answerOf(handler, request)).toEqual({ status, body: { error } })
  }
  expect(await hasRow(id)).toBe(false)
  expect(logged.join('\n')).toContain('no secret matches its signature')
})

test('events of another instance and of entities that are not kept are answered 200 and not written', async () => {
  const { handler, logged } = openHandler({ databaseUrl: database.url, instanceId: 'ins_own' })
  const id = freshId()
  const answer = await handler(delivery(userEvent(id, { instance_id: 'ins_other' })))
  expect([answer.status, await answer.json()]).toEqual([200, { received: true }])
  expect(answer.headers.get('clerk-sync-dropped')).toBe('other_instance')
  expect(await hasRow(id)).toBe(false)
  expect(logged).toMatchObject([expect.stringContaining('because `instanceId` is set')])
  expect((await handler(delivery(userEvent(id, { instance_id: 'ins_own' })))).status).toBe(200)
  expect(await hasRow(id)).toBe(true)
})

test('requests that overlap share transactions', async () => {
  const { handler } = openHandler()
  const svixIds = Array.from({ length: 100 }, () => freshId('msg'))
  const answers = await Promise.all(
    svixIds.map((svixId) => handler(delivery(userEvent(), { svixId }))),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  const { rows } = await pool.query(
    'SELECT count(DISTINCT xmin::text)::int AS transactions FROM clerk.webhook_events WHERE id = ANY($1)',
    [svixIds],
  )
  expect(rows[0].transactions).toBeLessThanOrEqual(5)
})

test('while the database is unavailable an event is answered 503, and written when Svix sends it again', async () => {
  const proxy = await proxied()
  const { handler, logged } = openHandler({ databaseUrl: proxy.url })
  const id = freshId()
  await proxy.cut()
  const response = await handler(delivery(userEvent(id)))
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('30')
  expect(logged.at(-1)).toContain('Svix sends it again')
  await proxy.heal()
  expect((await handler(delivery(userEvent(id)))).status).toBe(200)
  expect(await hasRow(id)).toBe(true)
})

test('an outage that ends within the request costs no delivery', async () => {
  const proxy = await proxied()
  const { handler } = openHandler({ databaseUrl: proxy.url })
  expect((await handler(delivery(userEvent()))).status).toBe(200)
  await proxy.cut()
  const answer = handler(delivery(userEvent()))
  await proxy.heal()
  expect((await answer).status).toBe(200)
})

// A frozen instance does not see that its connections are forgotten, and its timers did not run.
test('after a pause the first request does not wait for a dead connection', async () => {
  const proxy = await proxied()
  const { handler } = openHandler({ databaseUrl: proxy.url })
  expect((await handler(delivery(userEvent()))).status).toBe(200)
  proxy.forget()
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
  onTestFinished(() => void vi.useRealTimers())
  const started = performance.now()
  expect((await handler(delivery(userEvent()))).status).toBe(200)
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('it works through PgBouncer in transaction mode', async () => {
  const bouncer = await createPgBouncer(inject('databaseUrl'), { poolSize: 2 })
  onTestFinished(() => bouncer.stop())
  const { handler } = openHandler({ databaseUrl: bouncer.through(database.url) })
  const ids = Array.from({ length: 30 }, () => freshId())
  const answers = await Promise.all(ids.map((id) => handler(delivery(userEvent(id)))))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect(await Promise.all(ids.map(hasRow))).toEqual(ids.map(() => true))
})

test('an event that the database can never hold is answered 422, with the reason in the log', async () => {
  await pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF new.id = 'user_refused' THEN RAISE SQLSTATE '22003'; END IF; RETURN new; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON clerk.users FOR EACH ROW EXECUTE FUNCTION refuse()`)
  onTestFinished(async () => void (await pool.query('DROP FUNCTION refuse CASCADE')))
  const { handler, logged } = openHandler()
  const other = freshId()
  const answers = await Promise.all([
    answerOf(handler, delivery(userEvent(other))),
    answerOf(handler, delivery(userEvent('user_refused'))),
  ])
  expect(answers).toEqual([
    { status: 200, body: { received: true } },
    { status: 422, body: { error: 'cannot_apply' } },
  ])
  expect(await hasRow(other)).toBe(true)
  expect(logged.join('\n')).toContain('SQLSTATE 22003')
})

test("what the application's own foreign key refuses is answered 503 and named, and passes once it may", async () => {
  const { handler, logged } = openHandler()
  const id = freshId()
  await handler(delivery(userEvent(id)))
  await pool.query('CREATE TABLE posts (user_id text REFERENCES clerk.users (id))')
  onTestFinished(() => pool.query('DROP TABLE posts').then(() => undefined))
  await pool.query('INSERT INTO posts VALUES ($1)', [id])
  const deletion = { type: 'user.deleted', object: 'event', data: { id, deleted: true } }
  expect(await answerOf(handler, delivery(deletion))).toEqual({
    status: 503,
    body: { error: 'write_refused' },
  })
  expect(logged.at(-1)).toMatch(/Svix sends it again .*SQLSTATE 2[35]\d{3}.*posts/)
  await pool.query('DELETE FROM posts')
  expect((await handler(delivery(deletion))).status).toBe(200)
  expect(await hasRow(id)).toBe(false)
})

test('without the tables an event is answered 503, and the log says how to make them', async () => {
  const empty = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => empty.drop())
  const { handler, logged } = openHandler({ databaseUrl: empty.url })
  expect((await handler(delivery(userEvent()))).status).toBe(503)
  expect(logged.join('\n')).toContain('clerk-sync migrate')
})

test('settings that come from the environment are read at the first use', async () => {
  const db = createDatabase()
  const { handler } = openHandler({})
  await expect(db.query('SELECT 1')).rejects.toMatchObject({ code: 'ERR_DATABASE_URL' })
  vi.stubEnv('DATABASE_URL', database.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  onTestFinished(() => db.close())
  const id = freshId()
  expect((await handler(delivery(userEvent(id)))).status).toBe(200)
  expect(await waitForUser(db, id, { timeoutMs: 0 })).toMatchObject({ id })
})

test.each<[string, WebhookHandlerOptions, string]>([
  ['a database', { databaseUrl: '' }, 'set DATABASE_URL where the application runs'],
  ['a URL of a database', { databaseUrl: 'localhost' }, 'not like postgresql://'],
  ['the Redis that was asked for', { redisUrl: undefined }, 'redisUrl is given, but empty'],
  [
    'a choice between two',
    { databaseUrl: database.url, redisUrl: 'redis://127.0.0.1' },
    'are both given',
  ],
  [
    'a secret',
    { databaseUrl: database.url, signingSecret: '' },
    'set CLERK_WEBHOOK_SIGNING_SECRET',
  ],
  [
    'a secret of the right form',
    { databaseUrl: database.url, signingSecret: 'sk_test_x' },
    'whsec_',
  ],
])('a handler that lacks %s answers 500, and the log says so', async (_, options, reason) => {
  const { handler, logged } = openHandler(options)
  expect((await handler(delivery(userEvent()))).status).toBe(500)
  expect(logged.join('\n')).toContain(reason)
})

test('a body that was read already is named as the cause', async () => {
  const { handler, logged } = openHandler()
  const request = delivery(userEvent())
  await request.text()
  expect((await handler(request)).status).toBe(500)
  expect(logged.join('\n')).toContain('the body was read already')
})

test('a sender that announces more than it sends is let go', async () => {
  const { handler } = openHandler()
  const request = delivery(userEvent())
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('{'))
      controller.error(new Error('the sender hung up'))
    },
  })
  const broken = new Request(url, {
    method: 'POST',
    headers: request.headers,
    body,
    duplex: 'half',
  })
  expect(await answerOf(handler, broken)).toEqual({
    status: 400,
    body: { error: 'invalid_request' },
  })
})

/** The database behind a proxy that can be cut. */
async function proxied() {
  const target = new URL(database.url)
  const proxy = await createFaultProxy({ host: target.hostname, port: Number(target.port) })
  onTestFinished(() => proxy.close())
  target.host = `127.0.0.1:${proxy.port}`
  return { ...proxy, url: target.href }
}
