import { expect, test } from 'vitest'
import { backends } from '../chain/chain.ts'
import { renderReport } from './report.ts'
import { run } from './run.ts'
import { problemsOf } from './verdict.ts'

const seed = Number(process.env['CHAOS_SEED'] ?? 11)
// In total: a minute is half a minute on each backend.
const minutes = Number(process.env['CHAOS_MINUTES'] ?? 1) / backends.length
// What was sent meanwhile may need some time to be acknowledged, done and compared.
const timeoutMs = minutes * 60_000 + 600_000

test.each(backends)(
  `${minutes * 60} s of faults on %s lose no event and leave no row wrong, with seed ${seed}`,
  async (backend) => {
    const lines: string[] = []
    const result = await run({
      backend,
      seed,
      minutes,
      rate: 20,
      hasFaults: true,
      signal: new AbortController().signal,
      say: (line) => lines.push(line),
    })
    if (problemsOf(result).length > 0) throw new Error([...lines, renderReport(result)].join('\n'))
    expect(result.findings.published).toBeGreaterThan(0)
    expect(result.injection?.counts.size).toBeGreaterThan(1)
  },
  timeoutMs,
)
