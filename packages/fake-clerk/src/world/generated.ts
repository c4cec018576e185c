import type { ClerkObject } from './clerk-object.ts'
import { generatedId, indexInId } from './generated-id.ts'

/** Objects that are computed from their index instead of being kept. */
export interface Generated {
  count: number
  createdAt: (index: number) => number
  /** The first index that was created at this time (ms) or later; `count` when none was. */
  indexAt: (createdAt: number) => number
  idOf: (index: number) => string
  indexOf: (id: string) => number | undefined
  build: (index: number) => ClerkObject
}

const firstCreatedAt = Date.UTC(2024, 0, 1, 9, 30)
const lastCreatedAt = Date.UTC(2026, 0, 1)
const usualStepMs = 20_017

/**
 * Lays `count` objects over the years 2024 and 2025, one after the other and never two in one ms.
 * The same count always gives the same ids and times; kinds with the same `spread` are created at
 * the same times, index by index.
 *
 * @throws {RangeError} for more than 2^32 objects or less than none.
 */
export function buildGenerated(
  prefix: string,
  count: number,
  build: (index: number, id: string, createdAt: number) => ClerkObject,
  spread = count,
): Generated {
  if (!Number.isSafeInteger(count) || count < 0 || count > 2 ** 32) {
    throw new RangeError(`can't generate ${count} objects`)
  }
  const room = Math.floor((lastCreatedAt - firstCreatedAt) / Math.max(spread, 1))
  const stepMs = Math.max(1, Math.min(usualStepMs, room))
  const createdAt = (index: number) => firstCreatedAt + index * stepMs
  const idOf = (index: number) => generatedId(prefix, index, createdAt(index))
  return {
    count,
    createdAt,
    indexAt: (time) => Math.min(count, Math.max(0, Math.ceil((time - firstCreatedAt) / stepMs))),
    idOf,
    indexOf: (id) => {
      const index = indexInId(prefix, id)
      return index !== undefined && index < count && idOf(index) === id ? index : undefined
    },
    build: (index) => build(index, idOf(index), createdAt(index)),
  }
}
