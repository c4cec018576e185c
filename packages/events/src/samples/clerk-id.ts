import { randomBytes } from 'node:crypto'

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ksuidEpochSeconds = 1_400_000_000
const ksuidLength = 27

/**
 * Makes a fresh id in the form Clerk uses: `<prefix>_` and a KSUID, that is the second of creation
 * and 16 random bytes in base62 (github.com/segmentio/ksuid). `now` is in ms.
 *
 * @throws {RangeError} for a time before 2014-05-13, where KSUIDs begin.
 */
export function createClerkId(prefix: string, now: number): string {
  const bytes = Buffer.alloc(20)
  bytes.writeUInt32BE(Math.floor(now / 1000) - ksuidEpochSeconds)
  randomBytes(16).copy(bytes, 4)
  return `${prefix}_${encodeBase62(bytes).padStart(ksuidLength, '0')}`
}

function encodeBase62(bytes: Buffer): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`)
  let digits = ''
  while (rest > 0n) {
    digits = base62.charAt(Number(rest % 62n)) + digits
    rest /= 62n
  }
  return digits
}
