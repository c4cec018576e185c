import {
  createSigningSecret,
  everything,
  parseSigningSecrets,
  selectKept,
  sign,
} from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import type { EventJob } from '@clerk-sync/events'
import { createLogger } from '@clerk-sync/ops/process'
import { CannotEnqueueError, QueueUnavailableError } from '@clerk-sync/queue'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { createIngestMetrics } from './metrics.ts'
import { buildIngest } from './start.ts'
import { createUnknownTypeLog, webhookPath } from './webhook-plugin.ts'
import type { WebhookDeps } from './webhook-plugin.ts'

const secrets = parseSigningSecrets(createSigningSecret())

/** Ingest with a list instead of a queue. The tests of the chain use real queues. */
function createIngest(changes: Partial<WebhookDeps> = {}) {
  const jobs: EventJob[] = []
  const lines: Record<string, unknown>[] = []
  const registry = new Registry()
  const write = (line: string) => void lines.push(JSON.parse(line))
  const app = buildIngest({
    producer: {
      async enqueue(job) {
        jobs.push(job)
      },
    },
    secrets,
    instanceId: undefined,
    kept: selectKept(),
    enqueueTimeoutMs: 1_000,
    metrics: createIngestMetrics(registry),
    logger: createLogger({ name: 'test', level: 'debug' }, { write }),
    stopping: new AbortController().signal,
    ...changes,
  })
  onTestFinished(() => app.close())
  return {
    jobs,
    lines,
    registry,
    requests: async () =>
      (await registry.getSingleMetric('clerk_sync_ingest_requests_total')?.get())?.values.filter(
        ({ value }) => value > 0,
      ),
    send: (event: object) => app.inject({ method: 'POST', url: webhookPath, ...signed(event) }),
  }
}

function signed(event: object) {
  const body = JSON.stringify(event)
  const message = { id: 'msg_1', timestamp: Math.floor(Date.now() / 1000), body }
  const [secret] = secrets
  if (!secret) throw new Error('no secret')
  return {
    payload: body,
    headers: {
      'content-type': 'application/json',
      'svix-id': message.id,
      'svix-timestamp': String(message.timestamp),
      'svix-signature': sign(secret, message),
    },
  }
}

test('an event that is left out is acknowledged and counted; nothing of it is queued, and its data is not logged', async () => {
  const { send, jobs, lines, requests } = createIngest()
  const answer = await send(buildSample('session.created'))
  expect([answer.statusCode, answer.json()]).toEqual([200, { received: true }])
  expect(jobs).toEqual([])
  expect(await requests()).toMatchObject([
    { labels: { type: 'session.created', outcome: 'left_out' }, value: 1 },
  ])
  expect(lines).toEqual([
    {
      name: 'test',
      level: 'debug',
      time: expect.any(String),
      svixId: 'msg_1',
      type: 'session.created',
      outcome: 'left_out',
      msg: 'answered',
    },
  ])
})

test('an event that is kept is queued with the fields that are kept', async () => {
  const { send, jobs } = createIngest({ kept: selectKept(everything) })
  await send(buildSample('session.created'))
  expect(jobs).toMatchObject([{ type: 'session.created', clientIp: '203.0.113.7' }])
})

test('an event of another instance is acknowledged and dropped, and its unknown type is not logged', async () => {
  const { send, jobs, lines, requests } = createIngest({ instanceId: 'ins_mine' })
  expect((await send({ ...buildSample('user.created'), type: 'robot.created' })).statusCode).toBe(
    200,
  )
  expect(jobs).toEqual([])
  expect(await requests()).toMatchObject([
    { labels: { type: 'unknown', outcome: 'other_instance' }, value: 1 },
  ])
  expect(lines.filter(({ level }) => level !== 'debug')).toEqual([])
})

test('an unknown type is queued for the ledger, logged once and counted as unknown', async () => {
  const { send, jobs, lines, requests } = createIngest()
  const event = { type: 'robot.created', data: { id: 'robot_1', serial: 's3cret' } }
  for (const _ of [1, 2]) await send(event)
  expect(jobs.map(({ type, data }) => [type, data])).toEqual([
    ['robot.created', undefined],
    ['robot.created', undefined],
  ])
  expect(lines.filter(({ level }) => level === 'info')).toMatchObject([{ type: 'robot.created' }])
  expect(await requests()).toMatchObject([
    { labels: { type: 'unknown', outcome: 'accepted' }, value: 2 },
  ])
  expect(JSON.stringify([jobs, lines])).not.toContain('s3cret')
})

function createTypeLog() {
  const lines: { level: string; type: string; msg: string }[] = []
  const write = (line: string) => void lines.push(JSON.parse(line))
  return {
    lines,
    log: createUnknownTypeLog(createLogger({ name: 'test', level: 'info' }, { write })),
  }
}

test('a type that Clerk has added since is logged once', () => {
  const { lines, log } = createTypeLog()
  for (const type of ['robot.created', 'user.created', 'robot.created', 'robot.deleted']) log(type)
  expect(lines.map(({ type }) => type)).toEqual(['robot.created', 'robot.deleted'])
  expect(lines[0]).toMatchObject({
    level: 'info',
    msg: 'unknown event type; only the ledger records its events',
  })
})

test('after 1,000 unknown types, no more are logged or kept in memory', () => {
  const { lines, log } = createTypeLog()
  for (let n = 1; n <= 2_000; n++) log(`robot.${n}`)
  log('robot.1')
  expect(lines).toHaveLength(1_000)
})

test.each([
  [
    new CannotEnqueueError('too deep'),
    400,
    'invalid_event',
    'event can not be queued; answered 400',
  ],
  [
    new QueueUnavailableError('no Redis'),
    503,
    'queue_unavailable',
    'event not queued; Svix sends it again',
  ],
])(
  'an event that the queue refuses with %o is answered %i %s',
  async (error, status, code, msg) => {
    const { send, lines } = createIngest({
      producer: {
        async enqueue() {
          throw error
        },
      },
    })
    const answer = await send(buildSample('user.created'))
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toEqual({ error: code })
    expect(answer.headers['retry-after']).toBe(status === 503 ? '30' : undefined)
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        msg,
        svixId: 'msg_1',
        error: expect.objectContaining({ message: error.message }),
      }),
    )
  },
)
