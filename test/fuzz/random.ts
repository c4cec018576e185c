import { randomInt } from 'node:crypto'

/** How much the fuzzers do. `pnpm fuzz` sets it. */
export const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 30))

export function runsOr(fallback: number): number {
  return Number(process.env['FUZZ_RUNS'] ?? fallback)
}

/** A sequence of numbers that is the same for the same seed. */
export interface Random {
  /** From 0 to `end`, without `end`. */
  readonly below: (end: number) => number
  readonly pick: <T>(values: readonly [T, ...T[]]) => T
  /** True in `percent` of the cases. */
  readonly chance: (percent: number) => boolean
}

// mulberry32
export function createRandom(start: number): Random {
  let state = start | 0
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number) => Math.floor(next() * end)
  return {
    below,
    pick: (values) => values[below(values.length)] ?? values[0],
    chance: (percent) => next() * 100 < percent,
  }
}

/** Does all work, `atOnce` pieces at a time. */
export async function inParallel(
  count: number,
  atOnce: number,
  work: (number: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const workers = Array.from({ length: atOnce }, async () => {
    for (let number = next++; number < count; number = next++) await work(number)
  })
  await Promise.all(workers)
}
