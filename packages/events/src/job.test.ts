import { effectOf, readRow } from '@clerk-sync/entities'
import type { Entity } from '@clerk-sync/entities'
import { describe, expect, test } from 'vitest'
import { eventTypes } from './catalogue.ts'
import { parseEnvelope } from './envelope.ts'
import { buildEventJob, parseEventJob } from './job.ts'
import type { EventJob } from './job.ts'
import { buildSample } from './samples/index.ts'
import { officialTypes, readOfficialExample } from './samples/official-catalogue.ts'

const now = Date.UTC(2026, 2, 14, 15, 9, 26, 535)
const delivery = { svixId: 'msg_1', svixTimestamp: 1_773_500_967, receivedAt: now + 500 }
const keptTypes = eventTypes.filter((type) => effectOf(type))
const ignoredTypes = eventTypes.filter((type) => !effectOf(type))

const upsertedTypes = eventTypes.filter((type) => effectOf(type)?.action === 'upsert')

/** The job of a body, by the way that it takes in production. */
const jobOf = (body: unknown) => jobOfText(JSON.stringify(body))

function jobOfText(body: string): EventJob {
  const envelope = parseEnvelope(Buffer.from(body))
  if (!envelope) throw new Error('no event')
  return buildEventJob(envelope, delivery)
}

function entityOf(type: string): Entity {
  const effect = effectOf(type)
  if (!effect) throw new Error(`${type} touches no table`)
  return effect.entity
}

const throughQueue = (job: EventJob) => parseEventJob(JSON.parse(JSON.stringify(job)))

describe('the job of a sample', () => {
  test.each(eventTypes)('comes out of the queue as it went in: %s', (type) => {
    const job = jobOf(buildSample(type, { now }))
    expect(throughQueue(job)).toStrictEqual(job)
  })

  test.each(eventTypes)('says of %s which event it is, and when', (type) => {
    expect(jobOf(buildSample(type, { now, id: 'chosen_1' }))).toMatchObject({
      svixId: 'msg_1',
      type,
      occurredAt: now + 25,
      receivedAt: now + 500,
      entityId: 'chosen_1',
    })
  })

  test.each(upsertedTypes)('carries what the row of %s needs', (type) => {
    const sample = buildSample(type, { now })
    const { data = {} } = jobOf(sample)
    const row = readRow(entityOf(type), sample.data)
    expect(row.ok).toBe(true)
    expect(readRow(entityOf(type), data)).toStrictEqual(row)
    expect(data).toMatchObject({ id: sample.data['id'], updated_at: now })
  })

  test.each(keptTypes.filter((type) => type.endsWith('.deleted')))(
    'carries the id of %s and nothing of its data',
    (type) => {
      expect(jobOf(buildSample(type, { now, id: 'gone_1' }))).toMatchObject({ entityId: 'gone_1' })
    },
  )

  test.each(ignoredTypes)('carries nothing of %s but its name, id and times', (type) => {
    expect(Object.keys(jobOf(buildSample(type, { now }))).toSorted()).toEqual([
      'entityId',
      'occurredAt',
      'receivedAt',
      'svixId',
      'type',
    ])
  })

  test.each(eventTypes)('holds no IP address and no user agent: %s', (type) => {
    const sample = buildSample(type, { now })
    const { client_ip, user_agent } = sample.event_attributes.http_request
    const text = JSON.stringify(jobOf(sample))
    expect(JSON.stringify(sample)).toContain(client_ip)
    expect(text).not.toContain(client_ip)
    expect(text).not.toContain(user_agent)
    expect(text).not.toMatch(/client_ip|user_agent|event_attributes|http_request/)
  })
})

describe('what must never be queued', () => {
  test.each(['email.created', 'sms.created'] as const)('is the code in an %s', (type) => {
    const sample = buildSample(type, { now })
    const whole = JSON.stringify(sample)
    const [code = ''] = /\b\d{6}\b/.exec(whole) ?? []
    expect(code).not.toBe('')
    const withCode = { ...sample, data: { ...sample.data, data: { otp_code: '987654' } } }
    const text = JSON.stringify(jobOf(withCode))
    expect(text).not.toContain('987654')
    expect(text).not.toContain(`"${code}"`)
    expect(text).not.toMatch(/otp_code|body|message|to_email|to_phone|@example\.com/)
  })

  test('is the user inside a session', () => {
    const text = JSON.stringify(jobOf(buildSample('session.created', { now })))
    expect(text).not.toMatch(/Lovelace|@example\.com|metadata/)
  })

  test('is the private metadata of any entity', () => {
    for (const type of keptTypes) {
      const sample = buildSample(type, { now })
      const data = { ...sample.data, private_metadata: { stripe: 's3cret' } }
      expect(JSON.stringify(jobOf({ ...sample, data }))).not.toMatch(/s3cret|private_metadata/)
    }
  })
})

describe('the job of an unusual event', () => {
  const event = { type: 'user.created', data: { id: 'user_1' }, timestamp: now }

  test('without a time occurred when its delivery was sent', () => {
    const { timestamp: _, ...old } = event
    expect(jobOf(old).occurredAt).toBe(1_773_500_967_000)
  })

  test.each([[undefined], [null], [''], [7], [{}], [['user_1']]])(
    'whose id is %j has no entity',
    (id) => {
      expect(jobOf({ ...event, data: { id } })).not.toHaveProperty('entityId')
    },
  )

  test('of an unknown type is named and dated, and no more', () => {
    const data = { id: 'robot_1', serial: 's3cret' }
    expect(jobOf({ ...event, type: 'robot.created', data })).toStrictEqual({
      svixId: 'msg_1',
      type: 'robot.created',
      occurredAt: now,
      receivedAt: now + 500,
      entityId: 'robot_1',
    })
  })

  test('holds only text that PostgreSQL takes', () => {
    const data = {
      id: 'user_\0',
      first_name: 'A\uD83Dda',
      public_metadata: { 'key\0': ['\uDE00'] },
    }
    const job = jobOf({ ...event, data })
    expect(job).toMatchObject({
      entityId: 'user_\uFFFD',
      data: {
        id: 'user_\uFFFD',
        first_name: 'A\uFFFDda',
        public_metadata: { 'key\uFFFD': ['\uFFFD'] },
      },
    })
    expect(throughQueue(job)).toStrictEqual(job)
    const named = { ...delivery, svixId: 'msg_\0' }
    expect(buildEventJob({ type: 'type\0', data: {} }, named)).toMatchObject({
      svixId: 'msg_\uFFFD',
      type: 'type\uFFFD',
    })
  })

  test('keeps a metadata key named __proto__', () => {
    const text =
      '{"type":"user.created","data":{"id":"user_1","public_metadata":{"__proto__":{"a":1}}}}'
    const job = throughQueue(jobOfText(text))
    expect(JSON.stringify(job?.data?.['public_metadata'])).toBe('{"__proto__":{"a":1}}')
  })

  test.each([
    ['lists', '[', ']', 4_094],
    ['objects', '{"a":', '}', 1_364],
  ])('takes metadata of %s as deep as 8 KB allow', (_, open, close, depth) => {
    const metadata = `{"a":${open.repeat(depth)}1${close.repeat(depth)}}`
    const text = `{"type":"user.updated","data":{"id":"user_1","unsafe_metadata":${metadata}}}`
    const queued = JSON.stringify(jobOfText(text))
    expect(queued).toContain(metadata)
    expect(JSON.stringify(parseEventJob(JSON.parse(queued)))).toBe(queued)
  })
})

describe("Clerk's own example", () => {
  test.each(officialTypes)('%s becomes a job and comes out of the queue as it went in', (type) => {
    const job = jobOf(readOfficialExample(type))
    expect(job).toMatchObject({ type, occurredAt: 1_716_883_200_000, receivedAt: now + 500 })
    expect(throughQueue(job)).toStrictEqual(job)
    expect('data' in job).toBe(effectOf(type)?.action === 'upsert')
  })

  test.each(keptTypes)('%s names its entity', (type) => {
    expect(jobOf(readOfficialExample(type)).entityId).toMatch(/^(user|org|orgmem)_\w+$/)
  })

  test.each(upsertedTypes)('%s can be read as a row', (type) => {
    const { data = {} } = jobOf(readOfficialExample(type))
    expect(readRow(entityOf(type), data)).toMatchObject({
      ok: true,
      value: { row: { created_at: '2024-05-28T08:00:00.000Z' } },
    })
  })
})

describe('in a job of the queue', () => {
  const job = { svixId: 'msg_1', type: 'user.created', occurredAt: 1, receivedAt: 2 }

  test('entity and data may be missing, and unknown fields are dropped', () => {
    expect(parseEventJob(job)).toStrictEqual(job)
    expect(parseEventJob({ ...job, future: 1 })).toStrictEqual(job)
  })

  test.each([
    [undefined],
    [null],
    [''],
    ['job'],
    [42],
    [true],
    [[]],
    [[job]],
    [{}],
    [JSON.stringify(job)],
    [{ ...job, svixId: '' }],
    [{ ...job, svixId: 1 }],
    [{ ...job, type: '' }],
    [{ ...job, type: null }],
    [{ ...job, occurredAt: '1' }],
    [{ ...job, occurredAt: -1 }],
    [{ ...job, occurredAt: 1.5 }],
    [{ ...job, occurredAt: 1e300 }],
    [{ ...job, occurredAt: null }],
    [{ ...job, receivedAt: undefined }],
    [{ ...job, entityId: 1 }],
    [{ ...job, entityId: null }],
    [{ ...job, data: null }],
    [{ ...job, data: [] }],
    [{ ...job, data: 'text' }],
  ])('anything else is no event: %j', (data) => {
    expect(parseEventJob(data)).toBeUndefined()
  })
})
