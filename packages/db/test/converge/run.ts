// pnpm test:converge: the histories of converge.test.ts, as many as are asked for.
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const usage = `Runs random histories against PostgreSQL and compares the tables with a model.

  pnpm test:converge -- [--runs N] [--seed S]

  --runs N   so many histories; 300, and 1000 where CI is set, unless given
  --seed S   the first seed, a random one unless given; each 500 histories have the next one
  --help     this text
`

interface Environment {
  [variable: string]: string
}

/** The environment that the tests read; undefined when help is asked for. */
function readArguments(args: readonly string[]): Environment | undefined {
  const { values } = parseArgs({
    // pnpm passes the dashes on that end its own arguments.
    args: args[0] === '--' ? args.slice(1) : [...args],
    options: {
      runs: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return undefined
  return { ...count('runs', values.runs, 1), ...count('seed', values.seed, 0) }
}

function count(name: string, text: string | undefined, min: number): Environment {
  if (text === undefined) return {}
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < min || number >= 2 ** 31) {
    throw new Error(`--${name} takes a whole number from ${min} to ${2 ** 31 - 1}, not '${text}'`)
  }
  return { [`CONVERGE_${name.toUpperCase()}`]: text }
}

function runTests(environment: Environment): void {
  const args = ['run', '--project', 'real', 'packages/db/test/converge.test.ts']
  const env = { ...process.env, ...environment }
  const vitest = spawn('vitest', args, { stdio: 'inherit', env })
  vitest.on('exit', (code) => (process.exitCode = code ?? 1))
}

try {
  const environment = readArguments(process.argv.slice(2))
  if (environment) runTests(environment)
  else process.stdout.write(usage)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${usage}`)
  process.exitCode = 2
}
