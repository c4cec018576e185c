import { InvalidArgumentError } from 'commander'
import { expect, test } from 'vitest'
import { deleteLimit, parseMoment, signingSecret, timeSpan } from './parse-option.ts'

test.each([
  ['0', { rows: 0 }],
  ['50', { rows: 50 }],
  ['0%', { percent: 0 }],
  ['2.5%', { percent: 2.5 }],
  ['100%', { percent: 100 }],
])('%j is the delete limit %j', (text, expected) => {
  expect(deleteLimit(text)).toEqual(expected)
})

test.each(['101%', '2.5', '-1', '', '%', 'all'])('%j is no delete limit', (text) => {
  expect(() => deleteLimit(text)).toThrow(InvalidArgumentError)
})

test('a signing secret has its prefix and is base64', () => {
  const right = 'whsec_c2VjcmV0IGZyb20gQ2xlcms='
  expect(signingSecret(right)).toBe(right)
  expect(signingSecret(`${right} ${right}`)).toBe(`${right} ${right}`)
  for (const wrong of [
    '',
    'c2VjcmV0IGZyb20gQ2xlcms=',
    'whsec_',
    'whsec_a!cd',
    'sk_test_abcdefgh',
  ]) {
    expect(() => signingSecret(wrong)).toThrow(/^It must be whsec_ and base64/)
  }
})

const now = Date.UTC(2026, 10, 30, 12)

test.each([
  ['90s', now - 90_000],
  ['30m', now - 1_800_000],
  ['2h', now - 7_200_000],
  ['7d', now - 604_800_000],
  ['2026-11-30', Date.UTC(2026, 10, 30)],
  ['2026-11-30T10:00', Date.UTC(2026, 10, 30, 10)],
  ['2026-11-30T10:00:30.5Z', Date.UTC(2026, 10, 30, 10, 0, 30, 500)],
  ['2026-11-30T10:00+02:00', Date.UTC(2026, 10, 30, 8)],
])('%s is a moment', (text, moment) => {
  expect(parseMoment(text, now)).toBe(moment)
})

test.each(['', '2', 'h', '2 h', 'yesterday', '2026', '2026-13-40', '2026-11-30 10:00'])(
  '%j is no moment',
  (text) => expect(parseMoment(text, now)).toBeUndefined(),
)

test.each([
  ['0', 0],
  ['90s', 90_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
])('%s is a time span', (text, ms) => expect(timeSpan(text)).toBe(ms))

test.each(['', '5', '-1s', '2 m', 'm', 'soon'])('%j is no time span', (text) => {
  expect(() => timeSpan(text)).toThrow(InvalidArgumentError)
})
