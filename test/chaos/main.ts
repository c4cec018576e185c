// The command `pnpm chaos`: see --help.
import { writeFileSync } from 'node:fs'
import { readOptions } from './options.ts'
import { errorMessage } from '@clerk-sync/ops'
import { renderReport, toJson } from './report.ts'
import { run } from './run.ts'
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

const results: object[] = []
let failed = 0
for (const backend of options.backends) {
  for (const seed of options.seeds) {
    if (stopping.signal.aborted) break
    try {
      const result = await run({ ...options, backend, seed, signal: stopping.signal, say })
      process.stdout.write(`${renderReport(result)}\n`)
      results.push(toJson(result))
      if (problemsOf(result).length > 0) failed += 1
    } catch (error) {
      const problem = errorMessage(error)
      process.stdout.write(`\nchaos on ${backend}, seed ${seed}: FAILED, ${problem}\n`)
      results.push({ backend, seed, isGood: false, problems: [problem] })
      failed += 1
    }
    if (options.json !== undefined) {
      writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`)
    }
  }
}
process.exit(failed === 0 ? 0 : 1)
