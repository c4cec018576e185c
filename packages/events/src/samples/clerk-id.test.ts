import { expect, test } from 'vitest'
import { createClerkId } from './clerk-id.ts'

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function decodeSecond(ksuid: string): number {
  const number = Array.from(ksuid).reduce(
    (sum, digit) => sum * 62n + BigInt(base62.indexOf(digit)),
    0n,
  )
  return Number(number >> 128n) + 1_400_000_000
}

test("decodes the second in an id from segmentio/ksuid's README", () => {
  expect(decodeSecond('0ujtsYcgvSTl8PAuAdqWYSMnLOv')).toBe(1_507_608_047)
})

test.for([1_400_000_000_000, 1_761_092_033_553, 4_102_444_800_999])(
  'carries the second of creation at %i ms',
  (now) => {
    const id = createClerkId('orgmem', now)
    expect(id).toMatch(/^orgmem_[0-9A-Za-z]{27}$/)
    expect(decodeSecond(id.slice('orgmem_'.length))).toBe(Math.floor(now / 1000))
  },
)

test('gives a different id on every call', () => {
  const ids = Array.from({ length: 1000 }, () => createClerkId('user', 1_761_092_033_553))
  expect(new Set(ids).size).toBe(1000)
})

test('refuses a time before KSUIDs begin', () => {
  expect(() => createClerkId('user', 1_399_999_999_999)).toThrow(RangeError)
})
