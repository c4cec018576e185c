import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holdsExactNumber, isExactNumber, parseJson } from './exact-json.ts'
import { wellFormed } from './well-formed.ts'

const again = (text: string) => JSON.stringify(parseJson(text))

describe('a number keeps its digits through parsing and writing:', () => {
  test.each([
    '175928847299117063',
    '-76561198000000001',
    '9007199254740993',
    '123456789012345678901234567890',
    '0.12345678901234567890',
    '3.141592653589793238',
    '1.10',
    '0.00000012345678901234567890',
    `1${'0'.repeat(400)}`,
  ])('%s', (number) => {
    expect(again(`{"n":${number}}`)).toBe(`{"n":${number}}`)
    expect(again(`[1, ${number}\n]`)).toBe(`[1,${number}]`)
    expect(isExactNumber((parseJson(`[${number}]`) as unknown[])[0])).toBe(true)
  })

  test('any integer and any decimal, among texts that look like them', () => {
    const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,40})(\.\d{1,40})?$/)
    const looksLikeNumber = fc.stringMatching(/^[\\":,[\] 0-9.eE-]{0,40}$/)
    fc.assert(
      fc.property(fc.array(digits), fc.array(looksLikeNumber), (numbers, texts) => {
        const strings = texts.map((text) => JSON.stringify(text))
        const json = `{"a":[${[...numbers, ...strings].join(',')}]}`
        const isZero = (number: string) => /^-[0.]+$/.test(number)
        const expected = numbers.map((number) => (isZero(number) ? number.slice(1) : number))
        const { a } = parseJson(json) as { a: unknown[] }
        expect(a.slice(0, numbers.length).map(plainText)).toEqual(expected)
        expect(a.slice(numbers.length)).toEqual(texts)
      }),
      { numRuns: 500 },
    )
  })
})

// Tiny decimals are written with an exponent.
function plainText(value: unknown): string {
  const text = JSON.stringify(value)
  const [, digits = '', exponent = ''] = /^(.*)e-(\d+)$/.exec(text) ?? []
  return exponent === ''
    ? text
    : Number(text).toFixed(Number(exponent) + digits.replace(/^-?\d\.?/, '').length)
}

test('an exponent is written out, as PostgreSQL does', () => {
  expect(again('[1e400, 1.5E+20, -12.5e-3, 1e5, 0e9, -0.0]')).toBe(
    `[1${'0'.repeat(400)},150000000000000000000,-0.0125,100000,0,0.0]`,
  )
})

test('a number that PostgreSQL can not hold, or only as megabytes, is as JavaScript reads it', () => {
  expect(again('[1e131072, 1e-20000, 1e401]')).toBe('[null,0,null]')
  expect(again(`[0.${'1'.repeat(20_000)}]`)).toBe(`[${1 / 9}]`)
})

test('a number that JavaScript holds stays one', () => {
  const text = '{"a":[1795885963357,-0.25,1e3,123456789012345],"b":"12345678901234567890"}'
  expect(parseJson(text)).toStrictEqual(JSON.parse(text))
  expect(holdsExactNumber(parseJson(text))).toBe(false)
})

test('it works deeper than the stack, and in a key named __proto__', () => {
  const depth = 20_000
  const deep = parseJson(`${'['.repeat(depth)}9007199254740993${']'.repeat(depth)}`)
  expect(holdsExactNumber(deep)).toBe(true)
  const own = parseJson('{"__proto__":9007199254740993}') as object
  expect(Object.hasOwn(own, '__proto__')).toBe(true)
  expect(JSON.stringify(own)).toBe('{"__proto__":9007199254740993}')
})

test.each(['{12345678901234567890:1}', '[01234567890123456789]', '[12345678901234567890', ''])(
  'what is no JSON stays none: %s',
  (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError)
  },
)

test('it survives the replacement of NUL and lone surrogates', () => {
  expect(JSON.stringify(wellFormed(parseJson('{"n":9007199254740993,"t":"\\u0000"}')))).toBe(
    '{"n":9007199254740993,"t":"\uFFFD"}',
  )
})
