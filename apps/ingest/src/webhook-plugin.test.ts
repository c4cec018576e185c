import { gzipSync } from 'node:zlib'
import {
  createSigningSecret,
  doctorUserAgent,
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
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { defaultLimits } from './config.ts'
import { createIngestMetrics } from './metrics.ts'
import { buildIngest } from './start.ts'
import type { IngestDeps } from './start.ts'
import { webhookPath } from './webhook-plugin.ts'

const secrets = parseSigningSecrets(createSigningSecret())

/** Ingest with a list instead of a queue. The tests of the chain use real queues. */
function createIngest(changes: Partial<IngestDeps> = {}) {
  const jobs: EventJob[] = []
  const lines: Record<string, unknown>[] = []
  const registry = new Registry()
  const write = (line: string) => void lines.push(JSON.parse(line))
  const app = buildIngest({
    producer: {
      async enqueue(job) {
        const isKnown = jobs.some(({ svixId }) => svixId === job.svixId)
        jobs.push(job)
        return isKnown ? 'waiting' : 'added'
      },
    },
    secrets,
    instanceId: undefined,
    kept: selectKept(),
    enqueueTimeoutMs: 1_000,
    ...defaultLimits,
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
    refusals: async () =>
      (await registry.getSingleMetric('clerk_sync_ingest_refusals_total')?.get())?.values.filter(
        ({ value }) => value > 0,
      ),
    requests: async () =>
      (await registry.getSingleMetric('clerk_sync_ingest_requests_total')?.get())?.values.filter(
        ({ value }) => value > 0,
      ),
    app,
    send: (event: object | string, headers: Record<string, string> = {}) =>
      app.inject({ method: 'POST', url: webhookPath, ...signed(event, headers) }),
  }
}

function signed(event: object | string, headers: Record<string, string>) {
  const body = typeof event === 'string' ? event : JSON.stringify(event)
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
      ...headers,
    },
  }
}

test('an event that is left out is acknowledged and counted; nothing of it is queued, and its data is not logged', async () => {
  const { send, jobs, lines, requests } = createIngest()
  const answer = await send(buildSample('session.created'))
  expect([answer.statusCode, answer.json()]).toEqual([200, { received: true }])
  expect(answer.headers['clerk-sync-dropped']).toBe('left_out')
  expect(jobs).toEqual([])
  expect(await requests()).toMatchObject([
    { labels: { type: 'session.created', outcome: 'left_out' }, value: 1 },
  ])
  const about = {
    name: 'test',
    time: expect.any(String),
    svixId: 'msg_1',
    type: 'session.created',
  }
  const answered = { ...about, level: 'debug', outcome: 'left_out', durationMs: expect.any(Number) }
  expect(lines).toEqual([
    { ...about, level: 'info', msg: expect.stringMatching(/^events of this type are dropped: /) },
    { ...answered, msg: 'answered' },
  ])
  await send(buildSample('session.created'))
  // The type is logged once.
  expect(lines.slice(2)).toEqual([{ ...answered, msg: 'answered' }])
})

test('an event that is kept is queued with the fields that are kept', async () => {
  const { send, jobs } = createIngest({ kept: selectKept(everything) })
  await send(buildSample('session.created'))
  expect(jobs).toMatchObject([{ type: 'session.created', clientIp: '203.0.113.7' }])
})

test('events of another instance are acknowledged and dropped, which is logged once in ten minutes', async () => {
  const { send, jobs, lines, requests } = createIngest({ instanceId: 'ins_mine' })
  const event = { ...buildSample('user.created'), type: 'robot.created', instance_id: 'ins_other' }
  for (const _ of [1, 2]) {
    const answer = await send(event)
    expect([answer.statusCode, answer.json()]).toEqual([200, { received: true }])
    expect(answer.headers['clerk-sync-dropped']).toBe('other_instance')
  }
  expect(jobs).toEqual([])
  expect(await requests()).toMatchObject([
    { labels: { type: 'unknown', outcome: 'other_instance' }, value: 2 },
  ])
  expect(lines.filter(({ level }) => level !== 'debug')).toMatchObject([
    { level: 'warn', svixId: 'msg_1', type: 'robot.created', instanceId: 'ins_other' },
  ])
})

test('the first event is one line at info, and the first after ten minutes without one', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const { send, lines } = createIngest()
  for (const minutes of [0, 1, 11]) {
    vi.advanceTimersByTime(minutes * 60_000)
    await send(buildSample('user.created'))
  }
  expect(lines.filter(({ level }) => level === 'info')).toMatchObject([
    { svixId: 'msg_1', type: 'user.created', msg: 'event accepted, the first since the start' },
    { svixId: 'msg_1', type: 'user.created', msg: 'event accepted, the first for 11 min' },
  ])
})

test('a delivery of an event that still is in the queue is counted as a duplicate', async () => {
  const { send, registry } = createIngest()
  for (const _ of [1, 2, 3]) await send(buildSample('user.created'))
  const duplicates = await registry.getSingleMetric('clerk_sync_ingest_duplicates_total')?.get()
  expect(duplicates?.values).toMatchObject([{ value: 2 }])
})

test('an unknown type is queued for the ledger, logged once and counted as unknown', async () => {
  const { send, jobs, lines, requests } = createIngest()
  const event = { type: 'robot.created', data: { id: 'robot_1', serial: 's3cret' } }
  for (const _ of [1, 2]) await send(event)
  expect(jobs.map(({ type, data }) => [type, data])).toEqual([
    ['robot.created', undefined],
    ['robot.created', undefined],
  ])
  expect(lines.filter(({ msg }) => String(msg).startsWith('unknown'))).toMatchObject([
    { level: 'info', type: 'robot.created' },
  ])
  expect(await requests()).toMatchObject([
    { labels: { type: 'unknown', outcome: 'accepted' }, value: 2 },
  ])
  expect(JSON.stringify([jobs, lines])).not.toContain('s3cret')
})

test.each([
  'application/json,application/json',
  'application/json, text/plain; charset=x',
  '',
  ' ',
  '/',
  'json',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
])('the content type %j does not matter', async (type) => {
  const { send, jobs } = createIngest()
  const answer = await send(buildSample('user.created'), { 'content-type': type })
  expect([answer.statusCode, jobs.length]).toEqual([200, 1])
})

const userWith = (field: string, json: string) =>
  `{"type":"user.updated","data":{"id":"user_2abcdefghijkl","updated_at":1795885963357,"${field}":${json}}}`
const numbers = (count: number, number: string) =>
  userWith('public_metadata', `[${`${number},`.repeat(count)}0]`)
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
const keys = (count: number) =>
  `{${Array.from({ length: count }, (_, key) => `"${key}":1`).join(',')}}`

test.each([
  ['lists nested 3,000 deep where addresses belong', 'email_addresses', nested(3_000)],
  ['metadata nested as deep as 8 KB allow', 'unsafe_metadata', nested(4_096)],
  [
    'metadata of 8 KB with as many values as possible',
    'unsafe_metadata',
    `[${'0,'.repeat(4_095)}0]`,
  ],
  [
    'metadata of 8 KB with as many decimals as possible',
    'unsafe_metadata',
    `[${'0.5,'.repeat(2_047)}0.5]`,
  ],
  ['brackets and commas in a text', 'unsafe_metadata', `"${String.raw`[,\"`.repeat(20_000)}"`],
])('an event with %s is taken', async (_, field, json) => {
  const { send, jobs } = createIngest()
  expect((await send(userWith(field, json))).statusCode).toBe(200)
  expect(jobs).toHaveLength(1)
})

test.each([
  ['metadata nested 5,000 deep', 'too_deep', userWith('unsafe_metadata', nested(5_000))],
  ['lists nested 100,000 deep', 'too_deep', userWith('email_addresses', nested(100_000))],
  ['a nested root', 'too_deep', nested(5_000)],
  ['40,000 keys', 'too_many_values', userWith('public_metadata', keys(40_000))],
  ['250,000 zeros', 'too_many_values', userWith('public_metadata', `[${'0,'.repeat(250_000)}0]`)],
  ['8,000 long integers', 'too_many_values', numbers(8_000, '1234567890123456789')],
  ['8,000 decimals', 'too_many_values', numbers(8_000, '1.10')],
  ['8,000 numbers with an exponent', 'too_many_values', numbers(8_000, '1e5')],
  ['120,000 empty lists', 'too_many_values', userWith('x', `[${'[],'.repeat(120_000)}0]`)],
])('an event with %s is refused at once, with the reason in the log', async (_, reason, body) => {
  const { send, jobs, lines, refusals } = createIngest()
  const startedAt = performance.now()
  const answer = await send(body)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  expect([answer.statusCode, answer.json()]).toEqual([400, { error: 'invalid_event' }])
  expect(jobs).toEqual([])
  expect(await refusals()).toMatchObject([{ labels: { reason }, value: 1 }])
  expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([{ svixId: 'msg_1', reason }])
})

test('GET /livez answers on the webhook port, and says nothing else', async () => {
  const { app } = createIngest()
  const answer = await app.inject({ url: '/livez' })
  expect([answer.statusCode, answer.json()]).toEqual([200, { live: true }])
  for (const url of ['/readyz', '/metrics', '/']) {
    expect((await app.inject({ url })).statusCode).toBe(404)
  }
})

describe('why a delivery is refused', () => {
  const id = 'msg_2abcdefghijkl'
  const secondsAgo = (count: number) => String(Math.floor(Date.now() / 1000) - count)

  test.each([
    ['too_old', { 'svix-timestamp': secondsAgo(1_000) }, { ageSeconds: expect.closeTo(1_000, -2) }],
    [
      'too_new',
      { 'svix-timestamp': secondsAgo(-1_000) },
      { ageSeconds: expect.closeTo(-1_000, -2) },
    ],
    ['missing_header', { 'svix-signature': '' }, {}],
    ['malformed_timestamp', { 'svix-timestamp': 'now' }, {}],
    ['no_match', { 'content-encoding': 'gzip' }, { contentEncoding: 'gzip' }],
    ['no_match', { 'content-encoding': 's3cret' }, { contentEncoding: 'unknown' }],
  ])('is logged as a warning: %s', async (reason, headers, facts) => {
    const { send, lines, refusals } = createIngest()
    const sent = { 'svix-id': id, ...headers }
    expect((await send(buildSample('user.created'), sent)).json()).toEqual({
      error: 'invalid_signature',
    })
    expect(lines.filter(({ level }) => level !== 'debug')).toEqual([
      {
        name: 'test',
        level: 'warn',
        time: expect.any(String),
        reason,
        svixId: id,
        ...facts,
        msg: expect.stringMatching(/^delivery refused: /),
      },
    ])
    expect(await refusals()).toMatchObject([{ labels: { reason }, value: 1 }])
    expect(JSON.stringify(lines)).not.toMatch(/s3cret|Lovelace/)
  })

  test('is not warned of when clerk-sync doctor looks whether somebody answers', async () => {
    const { app, lines, refusals } = createIngest()
    const look = (headers: Record<string, string>) =>
      app.inject({ method: 'POST', url: webhookPath, payload: '{}', headers })
    const doctor = { 'content-type': 'application/json', 'user-agent': doctorUserAgent }
    const answer = await look(doctor)
    expect([answer.statusCode, answer.json()]).toEqual([400, { error: 'invalid_signature' }])
    expect(lines.map(({ level, reason }) => [level, reason])).toContainEqual(['info', 'doctor'])
    expect(await refusals()).toMatchObject([{ labels: { reason: 'doctor' }, value: 1 }])
    await look({ ...doctor, 'svix-id': id })
    expect(lines.map(({ level, reason }) => [level, reason])).toContainEqual([
      'warn',
      'missing_header',
    ])
  })

  test('is told of a compressed body whose headers do not say so', async () => {
    const { app, lines } = createIngest()
    const { headers } = signed(buildSample('user.created'), {})
    const payload = gzipSync(JSON.stringify(buildSample('user.created')))
    await app.inject({ method: 'POST', url: webhookPath, headers, payload })
    expect(lines).toContainEqual(
      expect.objectContaining({ reason: 'no_match', contentEncoding: 'gzip' }),
    )
  })

  test('is logged once in a minute for each reason, with the number of those left out', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { send, lines } = createIngest()
    const refused = { 'svix-id': 'made up', 'svix-signature': 'v1,AAAA' }
    for (let count = 0; count < 5; count++) await send(buildSample('user.created'), refused)
    await send(buildSample('user.created'), { 'svix-timestamp': 'now' })
    vi.advanceTimersByTime(60_000)
    await send(buildSample('user.created'), refused)
    const told = lines.filter(({ level }) => level === 'warn')
    expect(told.map(({ reason, leftOut }) => [reason, leftOut])).toEqual([
      ['no_match', undefined],
      ['malformed_timestamp', undefined],
      ['no_match', 4],
    ])
    expect(JSON.stringify(told)).not.toContain('made up')
  })
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
