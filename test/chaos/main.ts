// The command `pnpm chaos`: see --help.
import { writeFileSync } from 'node:fs'
import { readOptions } from './options.ts'
import { isGood, renderReport, toJson } from './report.ts'
import { run } from './run.ts'
import type { RunResult } from './run.ts'

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

const results: RunResult[] = []
for (const backend of options.backends) {
  for (const seed of options.seeds) {
    if (stopping.signal.aborted) break
    const result = await run({ ...options, backend, seed, signal: stopping.signal, say })
    results.push(result)
    process.stdout.write(`${renderReport(result)}\n`)
    if (options.json !== undefined) {
      writeFileSync(options.json, `${JSON.stringify(results.map(toJson), undefined, 2)}\n`)
    }
  }
}
process.exit(results.every(isGood) ? 0 : 1)
