export type Excess = 'too_deep' | 'too_many_values'

// The 8 KB that a user may write into unsafe_metadata nest 4,096 levels deep. JSON.stringify, which
// writes the job, overflows the stack at 4,450.
const mostLevels = 4_150
// More would hold up all other requests: as many took some 30 ms. Metadata of 8 KB hold 4,096 values.
const mostValues = 15_000

// JavaScript's own numbers have as many.
const mostDigits = 15

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const dot = 0x2e
const zero = 0x30
const nine = 0x39
const capitalE = 0x45
const smallE = 0x65
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/**
 * What is too much in this JSON to be parsed and queued, or undefined. It reads the bytes once and
 * does not recurse. Of bytes that are no JSON its answer means nothing.
 */
export function findExcess(json: Buffer): Excess | undefined {
  // No shorter text is that deep, and a value takes two bytes.
  if (json.length < 2 * mostLevels) return undefined
  let level = 0
  let values = 0
  let digits = 0
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0
    if (byte >= zero && byte <= nine) {
      digits += 1
      // A number that keeps its digits costs as much as two other values.
      if (digits === mostDigits + 1) values += 1
      continue
    }
    if (byte === dot || ((byte === smallE || byte === capitalE) && digits > 0)) values += 1
    digits = 0
    if (byte === quote) at = endOfString(json, at)
    else if (byte === openBracket || byte === openBrace) {
      level += 1
      values += 1
      if (level > mostLevels) return 'too_deep'
    } else if (byte === closeBracket || byte === closeBrace) level -= 1
    else if (byte === comma) values += 1
    if (values > mostValues) return 'too_many_values'
  }
  return undefined
}

// Where the string that begins here has its closing quote.
function endOfString(json: Buffer, start: number): number {
  let end = json.indexOf(quote, start + 1)
  while (end !== -1 && isEscaped(json, end)) end = json.indexOf(quote, end + 1)
  return end === -1 ? json.length : end
}

function isEscaped(json: Buffer, at: number): boolean {
  let backslashes = 0
  while (json[at - 1 - backslashes] === backslash) backslashes += 1
  return backslashes % 2 === 1
}
