// The command `pnpm chaos`: see --help.
import { writeFileSync } from 'node:fs'
import { readOptions } from './options.ts'
import type { ChaosOptions } from './options.ts'
import { overload, overloadToJson, renderOverload } from './overload/overload.ts'
import { errorMessage } from '@clerk-sync/ops'
import { renderReport, toJson } from './report.ts'
import { run } from './run.ts'
import type { Backend } from './scene.ts'
import { problemsOf } from './verdict.ts'

const options = readOptions(process.argv.slice(2))
if (options === undefined) process.exit(process.exitCode ?? 0)

const say = (line: string) => void process.stderr.write(`${line}\n`)
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(130)
    say('stopping: what was sent is checked; once more to exit at once')
    stopping.abort()
  })
}

interface Outcome {
  readonly text: string
  readonly json: object
  readonly isGood: boolean
}

/** One run on one backend. */
async function runOnce(
  { isOverload, ...given }: ChaosOptions,
  backend: Backend,
  seed: number,
): Promise<Outcome> {
  try {
    if (isOverload) {
      const result = await overload({ backend, minutes: given.minutes, say })
      const isGood = result.problems.length === 0
      return { text: renderOverload(result), json: overloadToJson(result), isGood }
    }
    const result = await run({ ...given, backend, seed, signal: stopping.signal, say })
    const isGood = problemsOf(result).length === 0
    return { text: renderReport(result), json: toJson(result), isGood }
  } catch (error) {
    const problem = errorMessage(error)
    const text = `\nchaos on ${backend}, seed ${seed}: FAILED, ${problem}`
    return { text, json: { backend, seed, isGood: false, problems: [problem] }, isGood: false }
  }
}

const outcomes: Outcome[] = []
for (const backend of options.backends) {
  for (const seed of options.isOverload ? options.seeds.slice(0, 1) : options.seeds) {
    if (stopping.signal.aborted) break
    const outcome = await runOnce(options, backend, seed)
    outcomes.push(outcome)
    process.stdout.write(`${outcome.text}\n`)
    if (options.json !== undefined) {
      const all = outcomes.map(({ json }) => json)
      writeFileSync(options.json, `${JSON.stringify(all, undefined, 2)}\n`)
    }
  }
}
process.exit(outcomes.every(({ isGood }) => isGood) ? 0 : 1)
