const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ksuidEpochSeconds = 1_400_000_000
const ksuidLength = 27

const payloadBits = 128n
const indexBits = 32n
/** Spreads neighbouring indices over all 32 bits and back again. */
const scatter = 0x9e3779b1
const gather = inverse(scatter)

/** 8 digits of base 62 are the most that a double holds exactly. */
const chunkDigits = 8
const chunk = 62n ** BigInt(chunkDigits)

/**
 * Writes an index as an id in Clerk's form, `<prefix>_` and a KSUID of the second of creation, so
 * that a million ids need no memory. `index` is below 2^32, `createdAt` in ms.
 */
export function generatedId(prefix: string, index: number, createdAt: number): string {
  const seconds = BigInt(Math.floor(createdAt / 1000) - ksuidEpochSeconds)
  const scattered = BigInt(Math.imul(index, scatter) >>> 0)
  let rest = (seconds << payloadBits) | (fillingOf(prefix) << indexBits) | scattered
  let digits = ''
  while (digits.length < ksuidLength) {
    digits = encodeChunk(Number(rest % chunk)) + digits
    rest /= chunk
  }
  return `${prefix}_${digits.slice(-ksuidLength)}`
}

/** Reads the index out of such an id; any other id gives some number or undefined. */
export function indexInId(prefix: string, id: string): number | undefined {
  const digits = id.slice(prefix.length + 1)
  if (!id.startsWith(`${prefix}_`) || digits.length !== ksuidLength) return undefined
  let value = 0n
  for (const digit of digits) {
    const worth = base62.indexOf(digit)
    if (worth === -1) return undefined
    value = value * 62n + BigInt(worth)
  }
  return Math.imul(Number(value & 0xffff_ffffn), gather) >>> 0
}

function encodeChunk(value: number): string {
  let rest = value
  let digits = ''
  for (let place = 0; place < chunkDigits; place += 1) {
    digits = base62.charAt(rest % 62) + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}

/** The part of a KSUID that would be random: 96 bits that tell the prefixes apart. */
function fillingOf(prefix: string): bigint {
  const known = fillings.get(prefix)
  if (known !== undefined) return known
  let filling = 0x5bd1e995n
  for (const letter of prefix.repeat(3)) {
    filling = BigInt.asUintN(96, filling * 0x100000001b3n * 0x9e3779b97f4a7c15n)
    filling ^= BigInt(letter.charCodeAt(0))
  }
  fillings.set(prefix, filling)
  return filling
}

const fillings = new Map<string, bigint>()

function inverse(odd: number): number {
  let result = odd
  // Each step of Newton's method doubles the number of right bits, from 3 to over 32.
  for (let step = 0; step < 4; step += 1) {
    result = Math.imul(result, 2 - Math.imul(odd, result))
  }
  return result
}
