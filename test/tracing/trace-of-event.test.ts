import { buildSample } from '@clerk-sync/events/samples'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import type { ReceivedSpan } from '@clerk-sync/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPerson } from '../chain/person.ts'
import { openScene } from './scene.ts'
import type { Scene, Trace } from './scene.ts'

const everyField =
  'users.private_metadata,users.phone_numbers,users.external_accounts,users.web3_wallets,users.last_sign_in_at'

const statements = (trace: Trace) => trace.filter(({ kind }) => kind === 'client')

function only(trace: Trace, name: string): ReceivedSpan {
  const found = trace.filter((span) => span.name === name)
  expect(found).toHaveLength(1)
  return found[0] as ReceivedSpan
}

async function open(queue: { redis?: 12 }): Promise<Scene> {
  const scene = await openScene(queue)
  await Promise.all([scene.startIngest(), scene.startWorker({ SYNC_FIELDS: everyField })])
  return scene
}

const scenes = {} as { redis: Scene; postgres: Scene }
beforeAll(async () => {
  const [redis, postgres] = await Promise.all([open({ redis: 12 }), open({})])
  Object.assign(scenes, { redis, postgres })
})
afterAll(async () => {
  await Promise.all([scenes.redis.close(), scenes.postgres.close()])
})

describe.each(['redis', 'postgres'] as const)('on %s', (backend) => {
  test('an event is one trace from its request over the queue to the statements', async () => {
    const scene = scenes[backend]
    const event = buildSample('user.created')
    const foreign = '11111111111111111111111111111111'
    const { svixId } = await scene.send(event, {
      headers: { traceparent: `00-${foreign}-2222222222222222-01` },
    })
    const trace = await scene.traceOf(svixId)

    const request = only(trace, 'POST /api/webhooks/clerk')
    const enqueue = only(trace, 'send clerk-events')
    const attempt = only(trace, 'process clerk-events')
    const batch = only(trace, 'write batch')
    const about = {
      'clerk_sync.event.type': 'user.created',
      'clerk_sync.event.id': svixId,
      'clerk_sync.entity.id': event.data['id'],
    }
    expect(request.traceId).not.toBe(foreign)
    expect(request).toMatchObject({ kind: 'server', parentId: undefined, failed: false })
    expect(request.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/api/webhooks/clerk',
      'url.path': '/api/webhooks/clerk',
      'url.scheme': 'http',
      'http.response.status_code': 200,
      'clerk_sync.request.outcome': 'accepted',
      ...about,
    })
    expect(enqueue).toMatchObject({ kind: 'producer', parentId: request.spanId })
    expect(attempt).toMatchObject({ kind: 'consumer', parentId: enqueue.spanId })
    expect(attempt.attributes).toEqual({
      'messaging.system': 'bullmq',
      'messaging.destination.name': 'clerk-events',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.message.id': svixId,
      'clerk_sync.attempt': 1,
      'clerk_sync.outcome': 'applied',
      ...about,
    })
    expect(batch).toMatchObject({ parentId: attempt.spanId, links: [] })
    expect(statements(trace).map(({ name }) => name)).toEqual([
      'BEGIN',
      'SELECT pg_advisory_xact_lock_shared',
      'SELECT webhook_events',
      'SELECT tombstones',
      'SELECT users',
      'SELECT email_addresses',
      'SELECT phone_numbers',
      'SELECT external_accounts',
      'SELECT web3_wallets',
      'INSERT webhook_events',
      'INSERT users',
      'INSERT email_addresses',
      'COMMIT',
    ])
    for (const span of statements(trace)) {
      expect(span.parentId).toBe(batch.spanId)
      expect(span.attributes['db.system.name']).toBe('postgresql')
    }
    expect(only(trace, 'INSERT users').attributes).toMatchObject({
      'db.operation.name': 'INSERT',
      'db.collection.name': 'users',
      'db.query.text': expect.stringMatching(/^INSERT INTO clerk\.users \(.*unnest\(\$1::text\[\]/),
    })
    expect(new Set(trace.map(({ service }) => service))).toEqual(
      new Set(['clerk-sync-ingest', 'clerk-sync-worker']),
    )
  })

  test('a job whose trace makes no sense gets a trace of its own', async () => {
    const scene = scenes[backend]
    const svixId = `msg_senseless_${backend}`
    const event = { svixId, type: 'galaxy.created', occurredAt: 1, receivedAt: 1 }
    const telemetry = { metadata: '{"traceparent":"00-0-1-01"}' }
    await bullQueueOf(scene.queue).add(event.type, event, { jobId: svixId, telemetry })
    const trace = await scene.traceOf(svixId)
    expect(only(trace, 'process clerk-events').parentId).toBeUndefined()
    expect(only(trace, 'INSERT webhook_events').failed).toBe(false)
  })
})

test('each attempt has its span in the one trace, without what the database quoted', async () => {
  const scene = scenes.redis
  await refuseTwice(scene)
  const { svixId } = await scene.send(named(buildSample('user.created'), 'Twice'))
  const trace = await scene.traceOf(svixId)

  const enqueue = only(trace, 'send clerk-events')
  const attempts = trace.filter(({ kind }) => kind === 'consumer')
  expect(attempts.map(({ attributes }) => attributes['clerk_sync.attempt'])).toEqual([1, 2, 3])
  expect(attempts.map(({ failed }) => failed)).toEqual([true, true, false])
  for (const { parentId } of attempts) expect(parentId).toBe(enqueue.spanId)
  expect(attempts[0]?.attributes['error.type']).toBe('ERR_DATABASE_REFUSED')
  const refused = statements(trace).filter(({ failed }) => failed)
  // What was sent together with the refused statement fails with it.
  expect(refused.map(({ name }) => name)).toEqual([
    'INSERT users',
    'INSERT email_addresses',
    'INSERT users',
    'INSERT email_addresses',
  ])
  expect(refused[0]?.attributes['db.response.status_code']).toBe('P0001')
  expect(Buffer.concat(scene.receiver.bodies).includes('quoted: Twice')).toBe(false)
})

test('the redelivery of a failed event links to the trace in which its job runs again', async () => {
  const scene = scenes.redis
  const { data, ...event } = buildSample('user.updated')
  const { svixId } = await scene.send({ ...event, data: { ...data, id: undefined } })
  const hasFailed = (span: ReceivedSpan) => span.kind === 'consumer' && span.failed
  const first = await scene.traceOf(svixId, hasFailed)
  expect(first.find(hasFailed)?.attributes).toMatchObject({
    'error.type': 'ERR_CANNOT_APPLY',
    'clerk_sync.reason': expect.stringContaining('has no data.id'),
  })
  await expect.poll(() => bullQueueOf(scene.queue).getJobState(svixId)).toBe('failed')

  await scene.send({ ...event, data: { ...data, id: undefined } }, { svixId })
  const { traceId, spanId } = only(first, 'send clerk-events')
  await expect
    .poll(() => scene.receiver.spans.map(({ name, links }) => ({ name, links })))
    .toContainEqual({ name: 'send clerk-events', links: [{ traceId, spanId }] })
  await expect
    .poll(() => scene.receiver.spans.filter((span) => span.parentId === spanId))
    .toHaveLength(2)
})

test('what left the processes holds nothing of a person and no secret', async () => {
  const scene = scenes.redis
  const person = createPerson()
  const sent = [
    await scene.send(person.build('user.created', { id: person.userId })),
    await scene.send(person.build('user.updated', { id: person.userId })),
    await scene.send(person.build('email.created', { id: person.id('ema') })),
    await scene.send(person.build('user.deleted', { id: person.userId })),
  ]
  for (const { svixId } of sent) await scene.traceOf(svixId)
  const forged = { headers: { 'svix-signature': 'v1,forged' } }
  const { svixId } = await scene.send(person.text('body'), forged)
  await expect
    .poll(() => scene.receiver.spans.map(({ attributes }) => attributes))
    .toContainEqual(expect.objectContaining({ 'http.response.status_code': 400 }))

  const exported = Buffer.concat(scene.receiver.bodies)
  expect(exported.includes(person.userId)).toBe(true)
  const texts = [person.tag, svixId, ...person.kept.values(), ...person.neverKept.values()]
  expect([...texts, ...scene.secrets].filter((text) => exported.includes(text))).toEqual([])
})

function named<E extends { data: object }>(event: E, name: string): E {
  return { ...event, data: { ...event.data, first_name: name } }
}

// A sequence goes on where a transaction does not.
async function refuseTwice({ db }: Scene): Promise<void> {
  await db.query('CREATE SEQUENCE public.tries')
  await db.query(`
    CREATE FUNCTION public.refuse_twice() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('public.tries') <= 2 THEN RAISE 'quoted: %', NEW.first_name; END IF;
      RETURN NEW;
    END $$`)
  await db.query(`
    CREATE TRIGGER refuse_twice BEFORE INSERT ON clerk.users
    FOR EACH ROW WHEN (NEW.first_name = 'Twice') EXECUTE FUNCTION public.refuse_twice()`)
}
