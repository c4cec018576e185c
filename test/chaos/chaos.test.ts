import { expect, test } from 'vitest'
import { renderReport, isGood } from './report.ts'
import { run } from './run.ts'
import { backends } from '../chain/chain.ts'

const seed = Number(process.env['CHAOS_SEED'] ?? 11)
const minutes = Number(process.env['CHAOS_MINUTES'] ?? 0.5)
// What was sent in half a minute may need some to be acknowledged, done and compared.
const timeoutMs = minutes * 60_000 + 600_000

test.each(backends)(
  `half a minute of faults on %s loses no event and leaves no row wrong, with seed ${seed}`,
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
    if (!isGood(result)) throw new Error([...lines, renderReport(result)].join('\n'))
    expect(result.findings.published).toBeGreaterThan(0)
    expect(result.injection?.counts.size).toBeGreaterThan(1)
  },
  timeoutMs,
)
