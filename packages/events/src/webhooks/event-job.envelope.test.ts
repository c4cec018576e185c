import { describe, expect, test } from 'vitest'
import { eventTypes } from './event-types.ts'
import { parseEnvelope } from './event-job.ts'
import { buildSample } from '../samples/index.ts'

const parse = (body: unknown) => parseEnvelope(Buffer.from(JSON.stringify(body)))
const parseText = (body: string) => parseEnvelope(Buffer.from(body))
const least = { type: 'user.created', data: { id: 'user_1' } }

describe('an event', () => {
  test.each(eventTypes)('is read: %s', (type) => {
    const sample = buildSample(type)
    const { object: _, ...used } = sample
    expect(parse(sample)).toStrictEqual(used)
  })

  test('of an unknown type is read', () => {
    expect(parse({ ...least, type: 'robot.created' })?.type).toBe('robot.created')
  })

  test('needs only a type and data', () => {
    expect(parse(least)).toStrictEqual(least)
    expect(parse({ type: 'a', data: {} })).toStrictEqual({ type: 'a', data: {} })
  })

  test('keeps only the fields that are used', () => {
    const { object, event_attributes, ...rest } = buildSample('user.created')
    const { http_request } = event_attributes
    const more = {
      object,
      future: 1,
      event_attributes: { future: 1, http_request: { ...http_request, headers: {} } },
    }
    expect(parse({ ...rest, ...more })).toStrictEqual({ ...rest, event_attributes })
  })

  test('is read in any JSON spelling', () => {
    const text = ' {\n "data" : {"id":"user_1","\\u006eame":"\\u0026"},"type":"user.created"\n}\r\n'
    expect(parseText(text)?.data).toStrictEqual({ id: 'user_1', name: '&' })
  })

  test('has the last value of a repeated key, as Clerk does', () => {
    expect(parseText('{"type":"a","data":{"id":1},"data":{"id":2}}')?.data).toEqual({ id: 2 })
  })
})

describe('the time of an event', () => {
  const timeOf = (timestamp: unknown) => parse({ ...least, timestamp })?.timestamp

  test.each([
    ['milliseconds, as Clerk sends it', 1_761_092_033_570, 1_761_092_033_570],
    ["seconds, as in the catalogue's examples", 1_716_883_200, 1_716_883_200_000],
    ['seconds with a fraction', 1_716_883_200.1239, 1_716_883_200_123],
    ['milliseconds with a fraction', 1_761_092_033_570.9, 1_761_092_033_570],
    ['the largest number that counts as seconds', 99_999_999_999, 99_999_999_999_000],
    ['the smallest number that counts as milliseconds', 100_000_000_000, 100_000_000_000],
    ['zero', 0, 0],
  ])('is given in %s', (_, timestamp, expected) => {
    expect(timeOf(timestamp)).toBe(expected)
  })

  test.each([[undefined], [null], [''], ['1761092033570'], [-1], [{}], [[1]], [true]])(
    'is unknown when it is %j, and the event is still read',
    (timestamp) => {
      expect(parse({ ...least, timestamp })).toEqual(least)
    },
  )

  test('is unknown when it is too large for a number', () => {
    expect(parseText('{"type":"a","data":{},"timestamp":1e999}')?.timestamp).toBeUndefined()
  })
})

describe('the instance of an event', () => {
  test('is read when it is a string', () => {
    expect(parse({ ...least, instance_id: 'ins_1' })?.instance_id).toBe('ins_1')
  })

  test.each([[undefined], [null], [1], [{}], [['ins_1']]])(
    'is unknown when it is %j, and the event is still read',
    (instance_id) => {
      expect(parse({ ...least, instance_id })).toEqual(least)
    },
  )
})

describe('the request that caused an event', () => {
  const requestOf = (http_request: unknown) =>
    parse({ ...least, event_attributes: { http_request } })?.event_attributes?.http_request

  test('is read where it is a string', () => {
    expect(requestOf({ client_ip: '203.0.113.7', user_agent: 'Firefox' })).toStrictEqual({
      client_ip: '203.0.113.7',
      user_agent: 'Firefox',
    })
    expect(requestOf({ client_ip: '' })).toStrictEqual({ client_ip: '' })
  })

  test.each([[null], [1], [true], [{}], [['203.0.113.7']]])(
    'is unknown where it is %j, and the event is still read',
    (odd) => {
      expect(requestOf({ client_ip: odd, user_agent: 'Firefox' })).toEqual({
        user_agent: 'Firefox',
      })
      expect(requestOf({ client_ip: '203.0.113.7', user_agent: odd })).toEqual({
        client_ip: '203.0.113.7',
      })
    },
  )

  test.each([[null], [''], [1], [[]], [['a']]])('may be %j as a whole', (odd) => {
    expect(requestOf(odd)).toBeUndefined()
    expect(parse({ ...least, event_attributes: odd })).toEqual(least)
  })
})

describe('not an event', () => {
  test.each([
    ['nothing', ''],
    ['a broken object', '{'],
    ['two values', '{} {}'],
    ['a form', 'type=user.created&data=1'],
    ['null', 'null'],
    ['a string', '"user.created"'],
    ['a number', '1'],
    ['a list', '[1]'],
    ['a list of events', '[{"type":"a","data":{}}]'],
    ['an empty object', '{}'],
    ['an object without data', '{"type":"user.created"}'],
    ['an object without type', '{"data":{}}'],
    ['an empty type', '{"type":"","data":{}}'],
    ['a type that is not a string', '{"type":1,"data":{}}'],
    ['data that is null', '{"type":"a","data":null}'],
    ['data that is a list', '{"type":"a","data":[]}'],
    ['data that is a string', '{"type":"a","data":"{}"}'],
    ['a type and data of the prototype', '{"__proto__":{"type":"a","data":{}}}'],
    ['a byte order mark before an event', '\uFEFF{"type":"a","data":{}}'],
  ])('is %s', (_, body) => {
    expect(parseText(body)).toBeUndefined()
  })

  test('is a body with a type of more than 200 characters, which is not Clerk’s', () => {
    expect(parse({ ...least, type: 'a'.repeat(200) })).toBeDefined()
    expect(parse({ ...least, type: 'a'.repeat(201) })).toBeUndefined()
  })

  test('is a body that is not UTF-8', () => {
    expect(parseEnvelope(Buffer.from([0xff, 0xfe, 0x00]))).toBeUndefined()
  })
})
