import { randomUUID } from 'node:crypto'

/** A number with more digits than a JavaScript number holds. JSON.stringify writes it as it is. */
export interface ExactNumber {
  readonly rawJSON: string
}

declare global {
  // In Node.js, but not yet in TypeScript's own types.
  interface JSON {
    rawJSON(text: string): ExactNumber
    isRawJSON(value: unknown): value is ExactNumber
  }
}

export const isExactNumber = (value: unknown): value is ExactNumber => JSON.isRawJSON(value)

// Whatever else is a number keeps its digits in JSON.parse: up to 15 digits do.
const mayLoseDigits = /[[:,\s]-?(?:[\d.]{16}|\d+(?:\.\d+)?[eE]|\d+\.\d*0(?=[\s,}\]]))/
// Without an exponent, and not -0, which has no sign in PostgreSQL.
const isWrittenOut = /^(?:\d|-[1-9])[\d.]*$/
const numbers = /-?\d[\d.eE+-]*/g
const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

// PostgreSQL writes the zeroes of 1e100000 out, JavaScript's own numbers end at 1e308.
const largestExponent = 400
// More than these PostgreSQL's numeric does not hold.
const mostDigits = 131_072
const mostDecimals = 16_383

// No text can contain it by accident or on purpose.
const mark = `number ${randomUUID()} `

/**
 * JSON.parse, but a number that would lose digits becomes an ExactNumber: a large integer, a long
 * decimal, 1.10. It works at any depth of nesting.
 *
 * @throws {SyntaxError}
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (!mayLoseDigits.test(text)) return value
  const marked = markNumbers(text)
  return marked === text ? value : replaceMarked(JSON.parse(marked))
}

/** Whether JSON.stringify followed by JSON.parse would change a number in the value. */
export function holdsExactNumber(value: unknown): boolean {
  const left = [value]
  for (const inner of left) {
    if (isExactNumber(inner)) return true
    if (typeof inner === 'object' && inner !== null)
      for (const one of Object.values(inner)) left.push(one)
  }
  return false
}

// The numbers between the strings of a valid JSON text.
function markNumbers(text: string): string {
  let marked = ''
  for (let start = 0; start < text.length;) {
    const quote = text.indexOf('"', start)
    const between = quote < 0 ? text.slice(start) : text.slice(start, quote)
    marked += between.replaceAll(numbers, (number) => markIfExact(number))
    if (quote < 0) break
    const end = endOfString(text, quote)
    marked += text.slice(quote, end)
    start = end
  }
  return marked
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(text: string, place: number): boolean {
  let backslashes = 0
  while (text[place - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}

function markIfExact(number: string): string {
  const rounded = String(Number(number))
  if (rounded === number) return number
  const digits = writtenOut(number)
  if (digits === undefined || digits === writtenOut(rounded)) return number
  return `"${mark}${digits}"`
}

/** As PostgreSQL writes the number: without an exponent. Undefined for one that it can't hold. */
function writtenOut(number: string): string | undefined {
  // An untrusted text may have thousands of them.
  if (isWrittenOut.test(number) && number.length <= mostDecimals) return number
  const [, sign = '', whole = '', fraction = '', exponent = 0] = parts.exec(number) ?? []
  if (whole === '' || Math.abs(Number(exponent)) > largestExponent) return undefined
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  const before =
    digits
      .slice(0, Math.max(0, point))
      .padEnd(point, '0')
      .replace(/^0+(?=\d)/, '') || '0'
  const after = '0'.repeat(Math.max(0, -point)) + digits.slice(Math.max(0, point))
  if (before.length > mostDigits || after.length > mostDecimals) return undefined
  const isZero = !/[1-9]/.test(digits)
  return `${isZero ? '' : sign}${before}${after === '' ? '' : `.${after}`}`
}

function replaceMarked(root: unknown): unknown {
  const holder = { root }
  const left: { [key: string]: unknown }[] = [holder]
  for (const inner of left) {
    for (const key of Object.keys(inner)) {
      const value = inner[key]
      if (typeof value === 'string' && value.startsWith(mark)) {
        inner[key] = JSON.rawJSON(value.slice(mark.length))
      } else if (typeof value === 'object' && value !== null) {
        left.push(value as { [key: string]: unknown })
      }
    }
  }
  return holder.root
}
