import { createRandom } from '@clerk-sync/fake-clerk'

/** Choices that a seed decides. */
export interface Random {
  /** A whole number from `min` to `max`. */
  readonly between: (min: number, max: number) => number
  readonly chance: (part: number) => boolean
  readonly pick: <T>(from: readonly [T, ...T[]] | readonly T[]) => T
  readonly shuffle: <T>(items: readonly T[]) => T[]
  /** An id in Clerk's form. */
  readonly id: (prefix: string) => string
}

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const idLength = 27

/** Creates them. The same seed and purpose always make the same choices. */
export function seededRandom(seed: number, purpose: string): Random {
  const mixed = Array.from(purpose).reduce(
    (sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0),
    seed,
  )
  const next = createRandom(mixed)
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  return {
    between,
    chance: (part) => next() < part,
    pick: <T>(from: readonly T[]) => from[between(0, from.length - 1)] as T,
    shuffle: (items) => {
      const rest = [...items]
      return items.map(() => rest.splice(between(0, rest.length - 1), 1)[0]!)
    },
    id: (prefix) => {
      const letter = () => letters.charAt(between(0, letters.length - 1))
      return `${prefix}_${Array.from({ length: idLength }, letter).join('')}`
    },
  }
}
