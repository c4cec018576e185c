import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { wellFormed } from './well-formed.ts'

describe('a value without anything to replace', () => {
  test.each<[unknown]>([
    [null],
    [true],
    [0],
    [-1.5],
    [''],
    ['Zoë 🐈 \u{10FFFF} \u0001 \uFFFD'],
    [[]],
    [{}],
    [[1, [2, [null]], { a: [] }]],
    [{ a: { b: { c: ['d', null] } } }],
  ])('comes back equal: %j', (value) => {
    expect(wellFormed(value)).toStrictEqual(value)
  })

  test('keeps the order of its keys', () => {
    const text = '{"b":1,"a":{"d":[{"z":1,"y":2}],"c":0},"B":2}'
    expect(JSON.stringify(wellFormed(JSON.parse(text)))).toBe(text)
  })
})

describe('NUL and lone surrogates', () => {
  test.each([
    ['a\0b', 'a\uFFFDb'],
    ['\0\0', '\uFFFD\uFFFD'],
    ['\uD83D', '\uFFFD'],
    ['\uDE00', '\uFFFD'],
    ['\uDE00\uD83D', '\uFFFD\uFFFD'],
    ['\uD83D\uD83D\uDE00', '\uFFFD\u{1F600}'],
  ])('in a string are replaced one by one: %j', (text, expected) => {
    expect(wellFormed(text)).toBe(expected)
  })

  test('are replaced in lists, in objects and in keys, however deep', () => {
    const value = JSON.parse('{"a\\u0000":[{"\\ud83d":["\\u0000",1]}],"b":"\\udc00"}')
    expect(wellFormed(value)).toStrictEqual({
      'a\uFFFD': [{ '\uFFFD': ['\uFFFD', 1] }],
      b: '\uFFFD',
    })
  })

  test('are replaced in a copy: the value itself stays as it is', () => {
    const value = { list: ['\0'] }
    const copy = wellFormed(value)
    expect(value).toStrictEqual({ list: ['\0'] })
    expect(copy.list).not.toBe(value.list)
  })

  test('that make two keys equal leave one of them, the last', () => {
    expect(wellFormed({ 'a\0': 1, 'a\uFFFD': 2 })).toStrictEqual({ 'a\uFFFD': 2 })
  })
})

describe('a key that JavaScript treats specially', () => {
  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'length', '0'])(
    'stays a key: %s',
    (key) => {
      const text = `{"${key}":{"${key}":"a"}}`
      const copy = wellFormed(JSON.parse(text))
      expect(JSON.stringify(copy)).toBe(text)
      expect(Object.keys(copy)).toEqual([key])
      expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    },
  )

  test('does not come to be by replacing', () => {
    const copy = wellFormed(JSON.parse('{"__proto__\\u0000":{"polluted":true}}'))
    expect(Object.keys(copy)).toEqual(['__proto__\uFFFD'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

test.each([
  ['lists', '[', ']'],
  ['objects', '{"a":', '}'],
])('%s may be nested deeper than the stack', (_, open, close) => {
  const depth = 100_000
  const value = JSON.parse(`${open.repeat(depth)}"\\u0000"${close.repeat(depth)}`)
  let inner = wellFormed(value)
  for (let level = 0; level < depth; level++) inner = Object.values(inner)[0]
  expect(inner).toBe('\uFFFD')
})

describe('whatever the value', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.integer({ min: 0, max: 0xff_ff })).map((units) => String.fromCharCode(...units)),
    fc
      .array(fc.constantFrom('\0', '\uD83D', '\uDE00', 'a', '\uFFFD'))
      .map((parts) => parts.join('')),
    fc.constant('__proto__'),
  )
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      anyText,
      fc.constantFrom(null, true, false, 0, -1, 1.5),
      fc.array(tie('json'), { maxLength: 4 }),
      fc
        .array(fc.tuple(anyText, tie('json')), { maxLength: 4 })
        .map((entries): unknown => Object.fromEntries(entries)),
    ),
  }))

  test('nothing that PostgreSQL refuses is left, and a second time changes nothing', () => {
    fc.assert(
      fc.property(json, (value) => {
        const once = wellFormed(value)
        const text = JSON.stringify(once)
        // JSON.stringify writes both of them, and nothing else above U+001F, as an escape.
        expect(text.replaceAll('\\\\', '')).not.toMatch(/\\u0000|\\ud[89a-f]/)
        expect(wellFormed(once)).toStrictEqual(once)
      }),
    )
  })

  test('the only difference is the replaced characters', () => {
    const replaceAll = (text: string) => text.toWellFormed().replaceAll('\0', '\uFFFD')
    fc.assert(
      fc.property(json, (value) => {
        const viaReviver = JSON.stringify(value, (_, inner: unknown) => {
          if (typeof inner === 'string') return replaceAll(inner)
          if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
          return Object.fromEntries(
            Object.entries(inner).map(([key, one]) => [replaceAll(key), one]),
          )
        })
        expect(JSON.stringify(wellFormed(value))).toBe(viaReviver)
      }),
    )
  })
})
