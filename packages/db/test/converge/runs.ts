import { randomInt } from 'node:crypto'
import * as fc from 'fast-check'

// CI runs a fixed seed, so that a change of the code alone can break it, and a random one, which
// finds what nobody thought of. CONVERGE_SEED runs one again.
const given = process.env['CONVERGE_SEED']
const random = Number(given ?? randomInt(2 ** 30))
export const seeds = process.env['CI'] && given === undefined ? [1, random] : [random]

const allRuns = Number(process.env['CONVERGE_RUNS'] ?? (process.env['CI'] ? 500 : 300))
const runs = Math.ceil(allRuns / seeds.length)

// Each chunk has a seed of its own, the next one: so a failure of a long run is repeated in a minute.
const chunk = 500
const chunkTimeLimitMs = 60_000 + chunk * 500
export const timeLimitMs = Math.ceil(runs / chunk) * chunkTimeLimitMs + 30_000
// Shrinking a counterexample that only sometimes fails would go on for very long.
const shrinkingMs = 30_000

/** Checks so many values, from a seed on; says how to repeat it, and how far it is. */
export async function check<T>(
  seed: number,
  values: fc.Arbitrary<T>,
  run: (value: T) => Promise<void>,
): Promise<void> {
  const started = performance.now()
  for (let done = 0; done < runs; done += chunk) {
    const numRuns = Math.min(chunk, runs - done)
    const again = `CONVERGE_SEED=${seed + done / chunk} CONVERGE_RUNS=${numRuns}`
    try {
      await checkChunk(seed + done / chunk, numRuns, values, run)
    } catch (cause) {
      throw new Error(`to repeat: ${again}`, { cause })
    }
    const seconds = (performance.now() - started) / 1_000
    const progress = `${done + numRuns} of ${runs} histories in ${seconds.toFixed(0)} s`
    process.stdout.write(`${progress}; to repeat the last ${numRuns}: ${again}\n`)
  }
}

async function checkChunk<T>(
  seed: number,
  numRuns: number,
  values: fc.Arbitrary<T>,
  run: (value: T) => Promise<void>,
): Promise<void> {
  let failedAt = Infinity
  const property = fc.asyncProperty(values, async (value) => {
    if (performance.now() - failedAt > shrinkingMs) return
    try {
      await run(value)
    } catch (error) {
      failedAt = Math.min(failedAt, performance.now())
      throw error
    }
  })
  const interruptAfterTimeLimit = chunkTimeLimitMs
  await fc.assert(property, {
    seed,
    numRuns,
    interruptAfterTimeLimit,
    markInterruptAsFailure: true,
  })
}
