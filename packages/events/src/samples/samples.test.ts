import { describe, expect, test } from 'vitest'
import { eventTypes, isEventType } from '../webhooks/event-types.ts'
import type { EventType } from '../webhooks/event-types.ts'
import { buildSample } from './build-sample.ts'
import { buildOfficialValidator, officialTypes } from './official-catalogue.ts'

const now = Date.UTC(2026, 2, 14, 15, 9, 26, 535)
const dayMs = 24 * 60 * 60 * 1000
const createdTypes = eventTypes.filter((type) => type.endsWith('.created'))
const updatedTypes = eventTypes.filter((type) => type.endsWith('.updated'))
const deletedTypes = eventTypes.filter((type) => type.endsWith('.deleted'))

describe('the event types', () => {
  test("are those of Clerk's catalogue and the one that only the SDK lists", () => {
    expect(eventTypes.toSorted()).toEqual([...officialTypes, 'subscriptionItem.created'].toSorted())
    expect(new Set(eventTypes).size).toBe(46)
  })

  test('are told from unknown ones', () => {
    expect(eventTypes.every(isEventType)).toBe(true)
    expect(['', 'user', 'user.renamed', 'User.created', 'toString'].some(isEventType)).toBe(false)
  })
})

describe("samples against Clerk's schemas", () => {
  const validate = buildOfficialValidator('known-fields')

  // The catalogue has an event for pending sessions, but its list of statuses lacks `pending`.
  const impossible: Partial<Record<EventType, string[]>> = {
    'session.pending': ['/data/status must be equal to one of the allowed values'],
  }

  test.for(eventTypes)(
    '%s has every required field, of the right type, and no unknown one',
    (type) => {
      expect(validate(schemaOf(type), buildSample(type))).toEqual(impossible[type] ?? [])
    },
  )

  test.for(eventTypes)('%s is refused without its data and with a time in words', (type) => {
    const { data: _, ...envelope } = buildSample(type)
    expect(validate(schemaOf(type), envelope)).toContain(" must have required property 'data'")
    expect(validate(schemaOf(type), { ...buildSample(type), timestamp: 'today' })).toContain(
      '/timestamp must be integer',
    )
  })

  test('a value of the wrong type, a missing field and an unknown field are refused', () => {
    const sample = buildSample('user.created')
    const { banned: _, ...rest } = sample.data
    const data = { ...rest, first_name: 42, nickname: 'Ada' }
    expect(validate('user.created', { ...sample, data }).toSorted()).toEqual([
      '/data must NOT have additional properties nickname',
      "/data must have required property 'banned'",
      '/data/first_name must be string',
    ])
  })

  const closed: EventType[] = ['organization.created', 'session.created', 'role.created']
  test.for(closed)('%s is refused with a field that the catalogue does not name', (type) => {
    const sample = buildSample(type)
    const [violation] = validate(type, { ...sample, data: { ...sample.data, nickname: 'Ada' } })
    expect(violation).toMatch(/^\/data must NOT have \w+ properties nickname$/)
  })

  test('an entity of another family is refused', () => {
    expect(validate('user.created', buildSample('organization.created'))).not.toEqual([])
    expect(validate('user.deleted', buildSample('user.created'))).not.toEqual([])
    expect(validate('session.created', buildSample('user.created'))).not.toEqual([])
  })
})

describe('what samples tell', () => {
  test.for(eventTypes)('%s is named in its envelope and stamped just after the change', (type) => {
    const { timestamp, ...envelope } = buildSample(type, { now })
    expect(envelope).toMatchObject({ type, object: 'event' })
    expect(timestamp).toBeGreaterThan(now)
    expect(timestamp).toBeLessThan(now + 60)
  })

  test('without a given time they happened a moment ago', () => {
    const before = Date.now()
    const { timestamp } = buildSample('user.created')
    expect(timestamp).toBeGreaterThanOrEqual(before)
    expect(timestamp).toBeLessThanOrEqual(Date.now())
  })

  test.for(createdTypes.filter((type) => type !== 'email.created' && type !== 'sms.created'))(
    '%s says that the entity came to be now',
    (type) => {
      expect(buildSample(type, { now }).data).toMatchObject({ created_at: now, updated_at: now })
    },
  )

  test('messages carry no other times than Clerk gives them', () => {
    expect(Object.keys(buildSample('email.created').data).filter(isTimeKey)).toEqual([])
    expect(buildSample('sms.created', { now }).data).toMatchObject({ created_at_ms: now })
  })

  test.for(updatedTypes)('%s changes a day-old entity now, and visibly', (type) => {
    const createdType = type.replace('.updated', '.created') as EventType
    const { data } = buildSample(type, { now, id: 'sample' })
    expect(data).toMatchObject({ created_at: now - dayMs, updated_at: now })
    expect(withoutTimes(data)).not.toEqual(
      withoutTimes(buildSample(createdType, { now, id: 'sample' }).data),
    )
  })

  test.for(deletedTypes.filter((type) => type !== 'organizationMembership.deleted'))(
    '%s carries little more than the id',
    (type) => {
      const { object, id, deleted, slug: _, ...rest } = buildSample(type, { id: 'gone' }).data
      expect({ object, id, deleted }).toEqual({
        object: expect.any(String),
        id: 'gone',
        deleted: true,
      })
      expect(rest).toEqual({})
    },
  )

  test('organization.deleted carries the slug that the organization had', () => {
    const { slug } = buildSample('organization.created', { id: 'org_1' }).data
    expect(buildSample('organization.deleted', { id: 'org_1' }).data).toMatchObject({ slug })
  })

  test('organizationMembership.deleted carries the whole membership, as last updated', () => {
    expect(buildSample('organizationMembership.deleted', { now, id: 'orgmem_1' }).data).toEqual({
      ...buildSample('organizationMembership.created', { now: now - dayMs, id: 'orgmem_1' }).data,
    })
  })
})

describe('ids', () => {
  test.for(eventTypes)('and addresses of %s are fresh on every call', (type) => {
    const all = Array.from({ length: 50 }, () => namesIn(buildSample(type, { now }).data))
    const seen = new Set(all.flatMap((names) => [...names]))
    expect(all[0]?.size).toBeGreaterThan(0)
    expect(seen.size).toBe(all.reduce((sum, names) => sum + names.size, 0))
  })

  test.for(eventTypes)('of %s can be chosen', (type) => {
    expect(buildSample(type, { id: 'chosen_1' }).data['id']).toBe('chosen_1')
  })

  test('that are chosen again keep address and neighbours', () => {
    const { email_addresses } = buildSample('user.created', { now, id: 'user_3MN' }).data
    const later = buildSample('session.ended', { now: now + dayMs, id: 'sess_3MN' }).data
    expect(later).toMatchObject({ user_id: 'user_3MN', user: { email_addresses } })
  })
})

/** The catalogue lacks one type; in the SDK its payload is that of its siblings. */
function schemaOf(type: EventType): EventType {
  return type === 'subscriptionItem.created' ? 'subscriptionItem.updated' : type
}

function isTimeKey(key: string): boolean {
  return /_at(?:_ms)?$/.test(key)
}

function withoutTimes(data: unknown): unknown {
  return JSON.parse(
    JSON.stringify(data, (key, value: unknown) =>
      isTimeKey(key) || /^period_|_date$/.test(key) ? undefined : value,
    ),
  )
}

/** Collects Clerk ids and mail addresses, except the id of the instance, which stays. */
function namesIn(data: unknown): Set<string> {
  const names = JSON.stringify(data).match(/[a-z_]+_[0-9A-Za-z]{27}\b|[\w.]+@[\w.]+/g) ?? []
  return new Set(names.filter((name) => !name.startsWith('ins_')))
}
