import { isExactNumber } from './exact-json.ts'

const replacement = '\uFFFD'

interface JsonObject {
  [key: string]: unknown
}
type Copying = [from: unknown[] | JsonObject, to: unknown[] | JsonObject]

/**
 * The JSON value with every NUL and every lone surrogate in its strings and keys replaced by
 * U+FFFD: PostgreSQL stores neither, in text nor in jsonb. A value without any is returned itself,
 * and any other is copied.
 */
export function wellFormed<T>(value: T): T {
  return isWellFormed(value) ? value : replaceIn(value)
}

// Most values have nothing to replace, and a copy of 15,000 keys takes 20 ms.
function isWellFormed(value: unknown): boolean {
  const left: unknown[] = [value]
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    if (typeof one === 'string') {
      if (!isWellFormedText(one)) return false
    } else if (Array.isArray(one)) {
      for (const inner of one) if (mayHoldText(inner)) left.push(inner)
    } else if (typeof one === 'object' && one !== null && !isExactNumber(one)) {
      for (const key of Object.keys(one)) {
        if (!isWellFormedText(key)) return false
        const inner = (one as JsonObject)[key]
        if (mayHoldText(inner)) left.push(inner)
      }
    }
  }
  return true
}

const mayHoldText = (value: unknown) =>
  typeof value === 'string' || (typeof value === 'object' && value !== null)

const isWellFormedText = (text: string) => text.isWellFormed() && !text.includes('\0')

function replaceIn<T>(value: T): T {
  // A list of what is left to copy instead of recursion: the 8 KB that a user may write into
  // unsafe_metadata nest 4,096 levels deep, which is more than the engine's stack holds.
  const copies: Copying[] = []
  const result = copyOf(value, copies)
  for (const [from, to] of copies) {
    if (Array.isArray(from)) {
      for (const inner of from) (to as unknown[]).push(copyOf(inner, copies))
    } else {
      for (const key of Object.keys(from)) {
        define(to as JsonObject, replaceInText(key), copyOf(from[key], copies))
      }
    }
  }
  return result as T
}

function copyOf(value: unknown, copies: Copying[]): unknown {
  if (typeof value === 'string') return replaceInText(value)
  if (typeof value !== 'object' || value === null || isExactNumber(value)) return value
  const copy = Array.isArray(value) ? [] : {}
  copies.push([value as JsonObject, copy])
  return copy
}

// Assigned, a key named __proto__ would be no key; defining every key takes twice the time.
function define(to: JsonObject, key: string, value: unknown): void {
  if (key !== '__proto__') to[key] = value
  else
    Object.defineProperty(to, key, { value, enumerable: true, writable: true, configurable: true })
}

function replaceInText(text: string): string {
  return text.toWellFormed().replaceAll('\0', replacement)
}
