// pnpm fuzz: the fuzzers of this folder, with as many runs as are asked for.
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const usage = `Sends odd requests to ingest, and checks that nothing ends and nothing is lost.

  pnpm fuzz [--runs N] [--seed S] [--kind raw|signed]

  --runs N   so many requests of each kind; 300 unless given
  --seed S   the first seed, a random one unless given
  --kind K   raw: bytes on a socket; signed: events with a right signature; both unless given
  --help     this text
`

try {
  const args = process.argv.slice(2)
  const { values } = parseArgs({
    // pnpm passes the dashes on that end its own arguments.
    args: args[0] === '--' ? args.slice(1) : args,
    options: {
      runs: { type: 'string', default: '300' },
      seed: { type: 'string' },
      kind: { type: 'string', default: '' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) process.stdout.write(usage)
  else runTests(values)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${usage}`)
  process.exitCode = 2
}

function runTests(values: { runs: string; seed?: string | undefined; kind: string }): void {
  if (!['', 'raw', 'signed'].includes(values.kind)) throw new Error('--kind takes raw or signed')
  const env = {
    ...process.env,
    FUZZ_RUNS: readCount('runs', values.runs),
    ...(values.seed === undefined ? {} : { FUZZ_SEED: readCount('seed', values.seed) }),
  }
  const files = `test/fuzz/${values.kind}`
  const vitest = spawn('vitest', ['run', '--project', 'real', files], { stdio: 'inherit', env })
  vitest.on('exit', (code) => (process.exitCode = code ?? 1))
}

function readCount(name: string, text: string): string {
  if (/^\d{1,9}$/.test(text)) return text
  throw new Error(`--${name} takes a whole number, not '${text}'`)
}
