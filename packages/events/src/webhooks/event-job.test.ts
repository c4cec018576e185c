import { everything, parseFields, selectKept } from '../entities/kept.ts'
import { readRow } from '../read-row.ts'
import type { Entity } from '../entities/entity.ts'
import type { Kept } from '../entities/kept.ts'
import { describe, expect, test } from 'vitest'
import { eventTypes } from './event-types.ts'
import { buildEventJob, parseEnvelope, parseEventJob } from './event-job.ts'
import type { EventJob } from './event-job.ts'
import { buildSample } from '../samples/index.ts'
import { officialTypes, readOfficialExample } from '../samples/official-catalogue.ts'

const now = Date.UTC(2026, 2, 14, 15, 9, 26, 535)
const delivery = { svixId: 'msg_1', svixTimestamp: 1_773_500_967, receivedAt: now + 500 }
const all = selectKept(everything)
const byDefault = selectKept()
const typesThat = (kept: Kept, ...actions: string[]) =>
  eventTypes.filter((type) => actions.includes(kept.effectOf(type).action))
const messageTypes = typesThat(all, 'record')

/** The job of a body, made as in production. */
const jobOf = (body: unknown, kept = all) => jobOfText(JSON.stringify(body), kept)

function jobOfText(body: string, kept = all): EventJob {
  const job = askFor(body, kept)
  if (!job) throw new Error('left out')
  return job
}

function askFor(body: string, kept: Kept): EventJob | undefined {
  const envelope = parseEnvelope(Buffer.from(body))
  if (!envelope) throw new Error('no event')
  return buildEventJob(kept, envelope, delivery)
}

function entityOf(type: string): Entity {
  const effect = all.effectOf(type)
  if (!('entity' in effect)) throw new Error(`${type} touches no table`)
  return effect.entity
}

const throughQueue = (job: EventJob) => parseEventJob(JSON.parse(JSON.stringify(job)))

describe('the job of a sample', () => {
  test.each(eventTypes)('comes out of the queue as it went in: %s', (type) => {
    const job = jobOf(buildSample(type, { now }))
    expect(throughQueue(job)).toStrictEqual(job)
  })

  test.each(eventTypes)('names the event of %s and its times', (type) => {
    expect(jobOf(buildSample(type, { now, id: 'chosen_1' }))).toMatchObject({
      svixId: 'msg_1',
      type,
      occurredAt: now + 25,
      receivedAt: now + 500,
      entityId: 'chosen_1',
    })
  })

  test.each(typesThat(all, 'upsert'))('has all that the row of %s needs', (type) => {
    const sample = buildSample(type, { now })
    const { data = {} } = jobOf(sample)
    const row = readRow(entityOf(type), sample.data)
    expect(row.unreadable).toEqual([])
    expect(readRow(entityOf(type), data)).toStrictEqual(row)
    expect(data).toMatchObject({ id: sample.data['id'], updated_at: now })
  })

  test.each([...typesThat(all, 'delete'), ...messageTypes])(
    'has the ids of %s and no data',
    (type) => {
      const job = jobOf(buildSample(type, { now, id: 'deleted_1' }))
      expect(job).toMatchObject({ entityId: 'deleted_1' })
      expect(job).not.toHaveProperty('data')
    },
  )
})

describe('an event of an entity that is left out', () => {
  // Rows of other entities that are kept are deleted with their owner.
  const ofOwners = ['user.deleted', 'organization.deleted'] as const
  const goOn: readonly string[] = [...messageTypes, ...ofOwners]
  test.each(eventTypes.filter((type) => !goOn.includes(type)))('becomes no job: %s', (type) => {
    const { table } = entityOf(type)
    const tables = all.entities.map((entity) => entity.table)
    const kept = selectKept({ entities: tables.filter((name) => name !== table) })
    expect(askFor(JSON.stringify(buildSample(type, { now })), kept)).toBeUndefined()
  })

  test.each(ofOwners)('becomes a job with ids only when an owner is deleted: %s', (type) => {
    const body = JSON.stringify(buildSample(type, { now }))
    const job = askFor(body, selectKept({ entities: ['roles'] }))
    expect(job?.data).toBeUndefined()
    expect(Object.keys(job ?? {})).toContain('entityId')
  })

  test('includes messages when users are left out, but no unknown types', () => {
    const kept = selectKept({ entities: [] })
    expect(typesThat(kept, 'record')).toEqual([])
    expect(typesThat(selectKept({ entities: ['users'] }), 'record')).toEqual(messageTypes)
    const robot = { type: 'robot.created', data: { id: 'robot_1' } }
    expect(jobOf(robot, kept)).toMatchObject({ entityId: 'robot_1' })
  })
})

describe('the user and the organization of an event', () => {
  test.each([
    ['user.created', { userId: 'user_1' }],
    ['user.deleted', { userId: 'user_1' }],
    ['session.ended', { userId: 'user_1' }],
    ['email.created', { userId: 'user_1' }],
    ['sms.created', { userId: 'user_1' }],
    ['organization.created', { organizationId: 'org_1' }],
    ['organization.deleted', { organizationId: 'org_1' }],
    ['organizationDomain.created', { organizationId: 'org_1' }],
    ['organizationInvitation.created', { organizationId: 'org_1' }],
    ['organizationMembership.created', { userId: 'user_1', organizationId: 'org_1' }],
    ['organizationMembership.deleted', { userId: 'user_1', organizationId: 'org_1' }],
    // For a user who pays, Clerk sends an empty organization_id.
    ['subscription.created', { userId: 'user_1' }],
    ['subscriptionItem.created', { userId: 'user_1' }],
    ['paymentAttempt.created', { userId: 'user_1' }],
    // The data of these has an id only.
    ['organizationDomain.deleted', {}],
    ['role.created', {}],
    ['permission.deleted', {}],
    ['waitlistEntry.created', {}],
  ] as const)('are in the job of %s: %j', (type, concerned) => {
    const prefix = buildSample(type, { now }).data['id'] as string
    const id = `${prefix.slice(0, prefix.lastIndexOf('_'))}_1`
    const { userId, organizationId } = jobOf(buildSample(type, { now, id }))
    expect({ userId, organizationId }).toEqual(concerned)
  })

  test.each([[''], [null], [7], [['user_1']], ['u'.repeat(256)]])(
    'are absent when the id is %j',
    (user_id) => {
      const job = jobOf({ type: 'email.created', data: { id: 'ema_1', user_id } })
      expect(job).not.toHaveProperty('userId')
    },
  )

  test('may have an id of 255 characters', () => {
    const user_id = 'u'.repeat(255)
    const job = jobOf({ type: 'email.created', data: { id: 'ema_1', user_id } })
    expect(job.userId).toBe(user_id)
    expect(throughQueue(job)).toStrictEqual(job)
  })
})

describe('the request of an event', () => {
  const own = typesThat(all, 'upsert', 'delete').filter((type) => entityOf(type).requestedByUser)
  const { client_ip, user_agent } = buildSample('user.created').event_attributes.http_request

  test.each(own)('is in the job of %s when it is kept', (type) => {
    const sample = buildSample(type, { now })
    expect(jobOf(sample)).toMatchObject({ clientIp: client_ip, userAgent: user_agent })
    const withoutIt = { ...everything, fields: [] }
    expect(jobOf(sample, selectKept(withoutIt))).not.toHaveProperty('clientIp')
    expect(jobOf(sample, selectKept(withoutIt))).not.toHaveProperty('userAgent')
    const agentOnly = { ...everything, fields: parseFields('webhook_events.user_agent') }
    expect(jobOf(sample, selectKept(agentOnly))).toMatchObject({ userAgent: user_agent })
    expect(jobOf(sample, selectKept(agentOnly))).not.toHaveProperty('clientIp')
  })

  test("is the user's own only in events of users and sessions", () => {
    expect(new Set(own.map((type) => type.split('.')[0]))).toEqual(new Set(['session', 'user']))
  })

  test.each(eventTypes.filter((type) => !own.includes(type)))(
    'is never in the job of %s',
    (type) => {
      const job = jobOf(buildSample(type, { now }))
      expect(job).not.toHaveProperty('clientIp')
      expect(job).not.toHaveProperty('userAgent')
      expect(JSON.stringify(job)).not.toContain(user_agent)
    },
  )

  test('is absent when it is empty, and cut to 512 characters', () => {
    const requested = (http_request: object) =>
      jobOf({ ...buildSample('user.created', { now }), event_attributes: { http_request } })
    const empty = requested({ client_ip: '', user_agent: '' })
    expect(empty).not.toHaveProperty('clientIp')
    expect(empty).not.toHaveProperty('userAgent')
    const long = requested({ client_ip: '1'.repeat(600), user_agent: `${'a'.repeat(511)}👩` })
    expect(long.clientIp).toBe('1'.repeat(512))
    expect(long.userAgent).toBe(`${'a'.repeat(511)}\uFFFD`)
    expect(throughQueue(long)).toStrictEqual(long)
  })
})

describe('what must never be queued by default', () => {
  const secret = 's3ntinel'
  const time = 1_700_000_777_777
  const item = { id: `idn_${secret}`, verification: { status: 'verified' } }
  const planted = {
    private_metadata: { note: secret },
    last_sign_in_at: time,
    primary_phone_number_id: `idn_${secret}`,
    phone_numbers: [{ ...item, phone_number: secret }],
    external_accounts: [{ ...item, provider: secret, provider_user_id: secret, username: secret }],
    primary_web3_wallet_id: `idn_${secret}`,
    web3_wallets: [{ ...item, web3_wallet: secret }],
    latest_activity: { id: `act_${secret}`, ip_address: secret, city: secret },
    client_ip: secret,
    user_agent: secret,
    http_request: { client_ip: secret, user_agent: secret },
  }

  /** The value with the secrets in every object of it. */
  function plant(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(plant)
    if (typeof value !== 'object' || value === null) return value
    const inner = Object.entries(value).map(([key, field]) => [
      key,
      // Metadata is kept whole.
      key.endsWith('metadata') ? field : plant(field),
    ])
    return { ...Object.fromEntries(inner), ...planted }
  }

  function plantSample(type: (typeof eventTypes)[number]) {
    const { data, ...event } = buildSample(type, { now })
    const request = { client_ip: secret, user_agent: secret }
    const body = { ...event, event_attributes: { http_request: request }, data: plant(data) }
    return JSON.stringify({ ...body, client_ip: secret, session: planted })
  }

  test.each(eventTypes)('is none of it in the job of %s', (type) => {
    const body = plantSample(type)
    expect(body.match(/s3ntinel/g)?.length).toBeGreaterThan(20)
    const text = JSON.stringify(askFor(body, byDefault) ?? null)
    expect(text).not.toMatch(new RegExp(`${secret}|${time}`))
    expect(text).not.toMatch(
      /private_metadata|phone|external_account|web3|last_sign_in|latest_activity|client_?ip|user_?agent/i,
    )
  })

  test.each(typesThat(all, 'upsert', 'delete').filter((type) => entityOf(type).requestedByUser))(
    'is found in %s when it is selected',
    (type) => {
      expect(JSON.stringify(jobOfText(plantSample(type)))).toContain(secret)
    },
  )

  test('is any event of a session, whose user it holds', () => {
    for (const type of eventTypes.filter((name) => name.startsWith('session.'))) {
      expect(askFor(plantSample(type), byDefault)).toBeUndefined()
      const text = JSON.stringify(jobOf(buildSample(type, { now })))
      expect(text).not.toMatch(/Lovelace|@example\.com|metadata/)
    }
  })
})

describe('what must never be queued at all', () => {
  test.each(messageTypes)('is the code, the text and the address of %s', (type) => {
    const sample = buildSample(type, { now })
    const whole = JSON.stringify(sample)
    const [code = ''] = /\b\d{6}\b/.exec(whole) ?? []
    const addresses = whole.match(/[\w.]+@example\.com|\+1\d{10}/g) ?? []
    expect(code).not.toBe('')
    expect(addresses).not.toEqual([])
    const body = { ...sample, data: { ...sample.data, data: { otp_code: '987654' } } }
    const job = jobOf(body)
    const { userId, ...rest } = job
    expect(userId).toBe(sample.data['user_id'])
    expect(Object.keys(rest).toSorted()).toEqual([
      'entityId',
      'occurredAt',
      'receivedAt',
      'svixId',
      'type',
    ])
    const text = JSON.stringify(job)
    for (const kept of [code, '987654', ...addresses]) expect(text).not.toContain(kept)
    expect(text).not.toMatch(/otp_code|body|message|subject|to_email|to_phone/)
  })

  test.each(eventTypes)('is a field that no column of %s reads', (type) => {
    const { data, ...event } = buildSample(type, { now })
    const body = { ...event, data: { ...data, future_field: 's3cret' }, future: 's3cret' }
    expect(JSON.stringify(jobOf(body))).not.toMatch(/s3cret|future/)
  })
})

describe('the job of an unusual event', () => {
  const event = { type: 'user.created', data: { id: 'user_1' }, timestamp: now }

  test('without a time has the time of its delivery', () => {
    const { timestamp: _, ...old } = event
    expect(jobOf(old).occurredAt).toBe(1_773_500_967_000)
  })

  test.each([[undefined], [null], [''], [7], [{}], [['user_1']]])(
    'whose id is %j has no entity id',
    (id) => {
      expect(jobOf({ ...event, data: { id } })).not.toHaveProperty('entityId')
    },
  )

  test('of an unknown type has a name and times, and no data', () => {
    const data = { id: 'robot_1', serial: 's3cret' }
    expect(jobOf({ ...event, type: 'robot.created', data })).toStrictEqual({
      svixId: 'msg_1',
      type: 'robot.created',
      occurredAt: now,
      receivedAt: now + 500,
      entityId: 'robot_1',
    })
  })

  test('holds only text that PostgreSQL can store', () => {
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
    expect(buildEventJob(all, { type: 'type\0', data: {} }, named)).toMatchObject({
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
  ])('accepts metadata of %s nested as deep as 8 KB allow', (_, open, close, depth) => {
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
    expect('data' in job).toBe(all.effectOf(type).action === 'upsert')
  })

  test.each(officialTypes)('%s names its entity', (type) => {
    expect(jobOf(readOfficialExample(type)).entityId).toMatch(/^[a-z_]+_\w+$/)
  })

  test.each(officialTypes.filter((type) => all.effectOf(type).action === 'upsert'))(
    '%s can be read as a row',
    (type) => {
      const { data = {} } = jobOf(readOfficialExample(type))
      expect(readRow(entityOf(type), data)).toMatchObject({
        unreadable: [],
        value: { row: { created_at: '2024-05-28T08:00:00.000Z' } },
      })
    },
  )
})

describe('the data of a job in the queue', () => {
  const job = { svixId: 'msg_1', type: 'user.created', occurredAt: 1, receivedAt: 2 }

  test('optional fields may be missing, and unknown fields are dropped', () => {
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
    [{ ...job, userId: '' }],
    [{ ...job, userId: 'u'.repeat(256) }],
    [{ ...job, organizationId: 1 }],
    [{ ...job, organizationId: null }],
    [{ ...job, clientIp: '1'.repeat(513) }],
    [{ ...job, userAgent: {} }],
    [{ ...job, data: null }],
    [{ ...job, data: [] }],
    [{ ...job, data: 'text' }],
  ])('anything else is not an event: %j', (data) => {
    expect(parseEventJob(data)).toBeUndefined()
  })
})
