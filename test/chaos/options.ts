import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { errorMessage } from '@clerk-sync/ops'
import type { Backend } from './scene.ts'

const help = `Usage: pnpm chaos [options]
       pnpm chaos --overload [options]
       pnpm soak [options]

Starts PostgreSQL, Redis, two ingests and three workers, lets users, organizations and memberships
change, and sends the events as Svix does. Meanwhile processes, servers and network fail. At the end
the tables must be as if nothing had failed. Exits with 1 and says why when an event is lost, a row
is wrong, a job is in the failed set, a process crashed, a fault could not be played, or nothing was
written within two minutes after one.

  --minutes <n>       how long events are sent and faults are played, per seed (5; a soak 60, an
                      overload 3)
  --seed <n>          the history and the faults, in their order (random); several with commas
  --backend <name>    redis or postgres, where the queue is (both)
  --rate <n>          events per second (30; a soak 500)
  --json <file>       writes the result of every run to this file, too
  --soak              the same without faults: shows what grows
  --overload          no faults, but ten times the deliveries that ingests and workers take: shows
                      answers, memory, /livez and the recovery
  --help              shows this text

The times at which things happen differ from run to run, also with the same seed. Some faults need
root (a full disk) or Debian (a wrong clock); the report says what was left out, and for which kinds
the time was too short (3 minutes are enough for nearly all). Ctrl-C ends a run early and checks what
was sent until then; a second one ends it at once and removes its files.

Examples:
  $ pnpm chaos --minutes 1 --seed 7 --backend redis
  $ pnpm chaos --minutes 6 --seed 1,2,3,4,5,6,7,8,9,10 --json chaos.json
  $ pnpm chaos --overload --backend redis
  $ pnpm soak --minutes 60 --rate 500
`

export interface ChaosOptions {
  readonly backends: readonly Backend[]
  readonly seeds: readonly number[]
  readonly minutes: number
  readonly rate: number
  readonly hasFaults: boolean
  /** Sends too much instead of playing faults. */
  readonly isOverload: boolean
  readonly json: string | undefined
}

/** Reads the command line. Prints the help or the problem itself, and returns undefined then. */
export function readOptions(args: string[]): ChaosOptions | undefined {
  try {
    const { values } = parseArgs({
      args,
      options: {
        minutes: { type: 'string' },
        seed: { type: 'string' },
        backend: { type: 'string' },
        rate: { type: 'string' },
        json: { type: 'string' },
        soak: { type: 'boolean', default: false },
        overload: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      process.stdout.write(help)
      return undefined
    }
    const { soak, overload: isOverload } = values
    const usualMinutes = soak ? '60' : isOverload ? '3' : '5'
    return {
      backends: values.backend === undefined ? ['redis', 'postgres'] : [backendOf(values.backend)],
      seeds: (values.seed ?? String(randomInt(2 ** 30)))
        .split(',')
        .map((seed) => numberOf('--seed', seed, 0)),
      minutes: numberOf('--minutes', values.minutes ?? usualMinutes, 0.1),
      rate: numberOf('--rate', values.rate ?? (soak ? '500' : '30'), 1),
      hasFaults: !soak,
      isOverload,
      json: values.json,
    }
  } catch (error) {
    process.stderr.write(`${errorMessage(error)}\nSee pnpm chaos --help.\n`)
    process.exitCode = 2
    return undefined
  }
}

function backendOf(name: string): Backend {
  if (name === 'redis' || name === 'postgres') return name
  throw new Error(`--backend must be redis or postgres, not ${name}`)
}

function numberOf(option: string, text: string, min: number): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= min) return value
  throw new Error(`${option} must be a number of at least ${min}, not ${text}`)
}
